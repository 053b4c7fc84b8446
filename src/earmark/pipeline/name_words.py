"""Words that decide whether a known name may be masked wherever it stands.

All are written as they compare: small letters, no accents (`schon` is both `schon` and `Schön`).
"""

NAME_PARTICLES = frozenset(
    {
        *("von", "van", "der", "den", "del", "della", "dei", "des", "las", "los", "dos", "das"),
        *("bin", "ibn", "abu", "ben", "the", "and", "und", "mac", "zur", "zum", "ten", "ter"),
        *("mrs", "miss", "frau", "herr", "prof", "dipl", "ing", "phd", "mba", "jun", "sen", "iii"),
    }
)

COMPANY_FORMS = frozenset(
    {
        *("gmbh", "ag", "kg", "ug", "ohg", "se", "ek", "ev", "inc", "incorporated", "llc", "llp"),
        *("ltd", "limited", "plc", "corp", "corporation", "co", "company", "sa", "sas", "sarl"),
        *("sl", "slu", "lda", "ltda", "eireli", "bv", "nv", "oy", "ab", "as", "aps", "srl", "spa"),
        *("pty", "pte", "pvt", "kft", "sro", "doo", "haftungsbeschrankt", "mbh", "cokg", "eurl"),
    }
)

_ENGLISH = """
able ace add admin agent alert all amber american anchor and angel anonymous any april archer art
ash ask august aurora autumn axe baker ball band bank banks bar barber bark barn bass bay beach
bean bear bell benefit berry best big bill billing bird bishop black blaze bloom blue bold bolt
bond book boss bow bowl box branch brand brave brick bridge bridges bright broad brook brooks
brown buck bud buddy bug bull burn burns bush butcher butler button buy cage call camp can candy
cannon car card care carol carpenter carter case cash castle cat cell chance chase cherry chest
chief child chip chuck church city class clay clear clement client cliff close cloud coal coin
cole colt constant contact cook cooper corn cotton court cow cox craft crane cross crow crown
cruise crystal cup current curry customer cut daily daisy dale dance dark dart data date dawn day
days deal dean dear deep deer demo destiny dev diamond dick dolly dolphin don door dot dove down
downs drake draw drew drive duke dusty dutch eagle earl early earth east easter easy echo edge
edit else end english event ever excel fair faith falcon fall farmer fast favor fern field fields
fin finch fine fire first fish fisher fix flag flint flood flora flower flowers fly fog ford
forest forget fort fortune forward foster fox free freedom french friend frost full game gap
garden gardener gate gates gay gem gene general gentle german ghost gift ginger girl given glad
glass glory go god gold golden good goose grace grain grand grant grass gray great green grey
groom group grove guest guide gun guy hack hail hall ham hand hands handy hardy harm harmony harp
has hawk hay haze hazel head heard heart heaven help her herb hero high hill hills him his holder
holiday holly home honest honey honor hood hook hope horn horse host hour house how hung hunt
hunter hurt ice info ink iris iron island issue ivory ivy jack jade jam jasmine jay jet jewel job
joker journey joy judge july jump june just justice karma kay keen keep keeper key keys kid kind
king kit knight know lace lake lamb lamp lance land lane lark last law lawless lay lead leaf lean
leap led left legend lemon level liberty light lily line link lion list little live lock log long
lord lot love lovely low luck lucky lyric mace magic mail main major make man manager manual maple
marble march mark marsh mason masters match mate matter max may mean means media meek melody
member memory merchant mercy merit merry midnight miles miller min mine mint misty money monk
moody moon moor more morning moss mount myth nail name neat need never new nice night noble none
noon north nova null oak oath ocean office old olive one opal open or orange order organ our out
outlaw owner pack page paige paint pale palm paper parent parish park parks parson past pat path
patience patient pay peace peach peak pear pearl peck peg pen penny person pierce pike pilot pine
piper pitch place plain plan plant play plum point pole pond pool pope porter post potter pound
power powers price pride priest prime prince princess prior profit proud prudence purple put
quarter queen quick rain ram ran ranger rank rare raven read ready real rebel red regal reign
remark reward rice rich ring ripple rise river rivers road robin rock rocky rod roman rook room
root rose rosemary rosy round rover row royal ruby rule run rush rust rusty sage sail sailor saint
sale sales salt sand sandy savage saw sawyer say scout scroll sea seal season see self sense
serene serenity service set shade shaft shark sharp shell shepherd sherry shine ship shook shoot
shore short shot show sierra sign silver simple sing singer single skip sky slack slow small smart
smile snow so solo somebody song sonny sound south spark sparks speaker spear speed spice spring
square stack star stark steel sterling stew still stock stone stormy story strange street string
strong sue sugar summer sun sung sunny support swan sweet swift system tab tad tag take tall tan
target taste teal team tell temper temple ten test tester text thorn tiger tile time today token
top tower town trace track trail tree trinity trip trouble truck true trump trust truth try tuck
turn two ty unique unknown upward use user vale valor van venture venus verity view vine viola
violet virtue visitor vista voice void wade wait walk wall walls ward warm warner was watch water
waters way weather web wed week weeks well wells west wheat wheel whisper white why wild will win
wind window wine winner winter wise wish wolf wonder wood woods word work worker world worth wren
yard year yes york you young zen zero zoom
"""

_GERMAN = """
aber als alt amt anker arm arzt auch auge aus bach bad bald bar bauer baum becher berg besser
beste bild blau block blum blume bock boden bohne bose brand braun breit brot bruder brunnen buch
burg burger busch da dann das dem denn der des dick die doch dort drei durch ecke ehrlich eich
eile ein einfach eis engel er ernst erst esel faust feder fein feld feuer fink flach fleisch
fleiss fliege frage frei freitag freund friede frisch froh frohlich fromm fruh fruhling fuchs funk
fur fuss gans ganz garten gast gelb gern gerne glas glatt glaube gluck gold graf grob gross grosse
grun grund gut haar habe hahn hammer hand hart hase haupt haus held hell helm herbst herz heute
hier himmel hirsch hoch hof hoff holz horn hund hut ich ihr immer ist ja jager jahr jan jung junge
junker kaiser kalt kamm kann kasten kater keil kein keller kern kind kirch kirsch klar klein
kleine klug knecht knie knopf koch kohl konig kopf korn kraft kranz krieg krieger krug kuhl kuhn
kunst kurz lager lamm land lang lange laut leben leer leicht licht lieb liebe lind linde link lowe
lustig mai mann markt mauer maurer maus mehr mein meister messer mit mond montag morgen mund
munter musik mut nach nacht nagel name neben neu neue nicht noch nord nun nur ober oder ohne ort
ost otter pech pfeffer pfeil platz post punkt rabe rad rat rau rauch rebe recht rechte reich reif
reim rein reis reise reiter ring ritter rohr ross rot ruf ruhe rund sack salz sand satt sauer
schade schaf scharf schatz schlecht schloss schlosser schluss schmal schnell schon schone
schreiber schuster schwarz see seele sehr sei seil seite selig sicher sie so sohn sommer sonne
sonntag speck spiegel spiel spitz sprung stahl stand stark stein stern still stock stolz strauss
streit stroh stuhl sturm suss tag teich teil teufel thema tief tisch tod treu trost tuch ubel uber
uhr und uns unter vater vogel voll von vor wache wagen wahl wahr wald wand wann warm warum was
wasser wehr weich weil wein weiss welt wenig wenn wer werk wie wild winkel wir wirt witz wohl wort
wunder wurm wurst zahl zahn zander zart zeit zimmer zorn zucker zwei
"""

_FRENCH = """
ai aime ange auberge aurore avec bas beau bel belle berger bien bienvenu blanc blanche bois bon
bonheur bonne bonnet boucher boulanger bras brun cadet cent chat chene cher chevalier christ clair
claire clef clerc coeur colombe comme constance contre coq coste cour courtois cuir dame delice
des desire deux dieu dimanche dit doucet doux droit duc elle elu entier est ete etoile faible
faure fer fermier feu fier fille fils fin fleur foi fontaine forestier forge fort four franc
france gai garde gare gentil grand gras gris gros guerre haut hiver homme hotel ici ile jardin
joie joli jour jours juge juin juste lac laine langue leger les lion long loup lumiere lune maire
mais maison maitre mal marchand marche mardi mars masse matin mer mercier merle mieux mignon mode
modeste moi moine mois mon monde mont moulin moyen neuf noel noir noire non nord notre nous nuit
olive ont or page pain paix papillon paques par parfait pas petit petite peu plaisir plus poirier
pont porte potier pour premier pres printemps prose puits quand que rare reine riche rivet riviere
robe roche roi romain rond rosier rouge rousse route roux roy sage salle samedi sans secret sel
serein seul soleil son sous sur tailleur tel temps tison toi tour tout toute tres trois une vert
vie vieux vigne ville vin vous vrai
"""

_SPANISH_AND_PORTUGUESE = """
abril agosto agua alba aldea alegre alegria alma alto amado amor amparo angel ano antes arroyo
aurora ave azul bajo barba barrio barro bella bello bem blanca blanco boa bom bosque branco brava
bravo buena bueno caballero cabeza cabra cada calle calvo camino campo campos cara caro casa casas
cerca chaves cid cielo claro com con conde consuelo cordeiro cordero corona correa costa couto
criado cruz da dado de delgado dia dias diz dois dolores domingo don dos dulce ela ele ella em era
esperanza esta este estrela estrella eu faria fe feliz ferro festa fiel flor flores florido forte
franca franco fria frio fuente fuentes gallo gama gato gentil gloria gracia gracias grande guerra
guerrero hermosa hermoso hora hoyo iglesias isla jardim jesus joya julio junio justa justo lago
laguna leal leite leon libre lima linda lindo llano lobo luz madre maio maior malo mano manso mar
marco mares mas mata mayo mayor meio melhor melo menor mercado merced mercedes mesa meu mil
milagros mira modesto moeda montano monte montes mora moreno muito muy nada nao natal negro neves
nieto nieve nieves nova novo noz nunca ola oliva oro outro padrao padre paixao palma palmeira
palomo para pardo parra pastor pastora paz pedra pena pequeno perla piedra pilar pinho pinto pires
plata plaza por porto prado prata preto prieto primo prior puente puerta quadros que quem ramo
real rei reis remedios rey rica rico rio rios roca rocha rocio rojo rosa rubia rubio sabio sal
sala salas salvador santa santiago santo santos sao seco segura seguro sem semana seria serra
serrano seu sierra sim sin socorro sol soledad son su sua sul tal tambien tarde tempo ter terra
tio todo toro torre tudo um una valente valiente valle vega vela velho ventura ver verde vez vida
vieja viejo viera villa vista vitoria viuda viva voz
"""

_PLACES_AND_PRODUCTS = """
access africa alexa amazon america apollo apple asana asia atlanta atlas austin austria belle
berlin boston brazil brooklyn cairo canada carolina chad chester chicago china chrome claude
cordoba cuba dakota dallas denver dublin edge egypt england essex firefox florence florida gemini
geneva georgia houston india indiana ireland israel italy jamaica java jenkins jersey jira jordan
jupiter kent kotlin lincoln linear london lourdes madrid malta mars mercury meta mexico milan
monaco monday montana nevada notion opera oracle orion outlook oxford paris pascal perl persia
phoenix python rhodes roma rome russia safari salem san santa saturn savannah saxony scala siena
siri spain stripe sydney teams texas toledo valencia vienna virginia visa wales washington watson
windows york
"""

ORDINARY_WORDS = frozenset(
    (_ENGLISH + _GERMAN + _FRENCH + _SPANISH_AND_PORTUGUESE + _PLACES_AND_PRODUCTS).split()
)
"""Words of five languages, places and products that are also names of people or companies."""
