"""Words that say nothing about the subject, in the five languages of the default taxonomy.

Function words, words of courtesy and of address, and the few nouns and verbs that every customer of
every product writes. Lower case, with the apostrophes that people write.
"""

from typing import Final

_ENGLISH = """
a about above after afternoon again ago all almost already also although always am an and another
any anybody anyhow anyone anything anyway appreciate appreciated are aren't around as ask asked
asking at away back be became because been before being below best between both but by came can
can't cannot cant cheers come could couldn't couldnt customer customers day days dear did didn't
didnt do does doesn't doesnt doing don't done dont down during each either else even evening ever
every everybody everyone everything few for from further get gets getting give given go goes going
gone gonna good got gotta great guess guys had hadn't happen happened happening happens has hasn't
have haven't having he hear hello help her here hers hey hi him his hoping hour hours how however i
i'd i'll i'm i've id if im in instead into is isn't isnt issue issues it it's its itself ive just
keep keeps kind know last least less let let's like likely little long look looking looks lot lots
ma'am made make makes making many may maybe me mean might mine minute minutes moment month months
more morning most much must my myself name need needed needs never new next night no nobody none
nor not nothing now of off often oh ok okay on once one ones only or other others otherwise our
ours out over own people per perhaps person please pls possible possibly problem problems put
question questions quite rather re really regarding regards right said same saw say saying says see
seem seems seen several shall she should shouldn't since sincerely sir so some somebody somehow
someone something somethings sometimes somewhere soon sorry still such sure take taken team tell
than thank thanks that that's thats the their theirs them then there there's these they they're
thing things think this those though through thx till time to today together told too took toward
tried trouble try trying twice two u under unless until up upon us use used using usually ve very
via wanna want wanted wants was wasn't wasnt way ways we we're we've week weeks well were weren't
what what's whatever when whenever where whether which while who whole whom whose why will wish
with within without won't wonder wondering wont would wouldn't wouldnt yes yesterday yet you you're
you've your yours yourself
"""
_GERMAN = """
ab abend aber alle allem allen aller alles als also am an andere anderen anderer anderes anfrage
auch auf aus bei beim bereits besser bin bis bisher bist bitte brauche bräuchte dabei damen danach
danke dann daran darauf daraus darf darin darüber das dass dasselbe davon dazu dein deine deinem
deinen deiner dem den denn der deren des deshalb dessen dich die dies diese dieselbe diesem diesen
dieser dieses dir doch dort du durch eben ein eine einem einen einer eines einfach einige einigen
einmal er erst es etwa etwas euch euer eure eurem euren eurer fragen für ganz gar geben geehrte
geehrten geehrter gegen gehabt gehen geholfen geht genau gern gerne gestern gibt ging gruß grüße
grüßen gut gute guten guter gutes habe haben hallo hat hatte hatten helfen herren heute hi hier
hilf hilfe hilft hin hinter hätte hätten ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im
immer in indem ins irgendwie ist ja jede jedem jeden jeder jedes jemand jetzt kann kannst kein
keine keinem keinen keiner keines können könnt könnte könnten lassen leider liebe lieber liebes
mache machen macht mal man manche mehr mein meine meinem meinen meiner meines mfg mich mir mit
morgen muss musste möchte möchten mögen müssen nach nachdem nachricht neu neue neuen neuer nicht
nichts nie niemand noch nun nur ob oder ohne problem probleme schon schöne sehr sei seid sein seine
seinem seinen seiner seit seitdem selbst sich sie sind so sogar solche soll sollen sollte sollten
sondern sonst sowie statt tag tage trotz um und uns unser unsere unserem unseren unserer unter
unterstützen unterstützung vg viel viele vielen vielleicht vom von vor war waren warum was wegen
weil weiter welche welchem welchen welcher welches wenn wer werde werden wie wieder will wir wird
wirklich wo woche wochen woher wohl wollen wollte worden wurde wurden während wäre wäret würde
würden zu zum zur zwar zwischen über
"""
_FRENCH = """
ai aide aider aidez aie aient ailleurs ainsi alors après as assez au aucun aucune aujourd'hui
auquel aura aurait auriez aussi autre autres aux auxquels avaient avais avait avant avec avez
avez-vous avoir avons ayant beaucoup besoin bien bon bonjour bonne bonsoir c'est c'était car cdt ce
ceci cela celle celles celui cependant certains ces cet cette ceux chacun chaque cher chez chère ci
combien comme comment comprends contre cordialement coucou d'abord d'accord d'un d'une d'être dans
de depuis dernier dernière derrière des dessous dessus deux devant devez devrait dire dit doit
doivent donc donner dont du dès déjà elle elles en encore enfin ensuite entre es est est-ce et eu
eux faire fais fait faites faudrait faut fois font grand heure heures hier ici il ils j'ai
j'aimerais j'avais j'en j'essaie j'utilise jamais je jour jours jusqu'à jusque juste l'aide l'on la
laquelle le lequel les lesquels leur leurs lors lorsque lui là m'a m'aider m'aidez ma madame
maintenant mais malgré matin me merci mes messieurs met mettre mieux moi moins mois mon monsieur
mêle même mêmes n'a n'ai n'arrive n'est n'y ne ni non nos notre nous nouveau nouvelle on ont or ou
oui où par parce parfois pas pendant petit peu peut peut-être peuvent peux plaît plupart plus
plusieurs pour pourquoi pourrais pourrait pourriez pourriez-vous pouvez pouvez-vous pouvoir presque
problème problèmes près puis puisque qu'elle qu'est-ce qu'il qu'on quand que quel quelle quelles
quelqu'un quelque quelques quels question qui quoi rien s'il sa salut sans sauf se selon semaine
sera serait ses seulement si sien soi soir soit sommes son sont sous souvent suis sujet sur svp ta
tandis tant te tel telle tellement tes toi ton toujours tous tout toute toutefois toutes trop
trouve très tu un une va vais vers veuillez veux voici voilà voir vont vos votre voudrais vous
vraiment vu y à ça équipe étaient étais était été êtes être
"""
_SPANISH = """
a acerca además ahora ahí al algo alguien alguna algunas algunos algún allá allí ambos ante
anterior antes apenas aquel aquella aquello aquí así aun aunque ayer ayuda ayudar ayudarme ayúdenme
aún bajo bastante bien buen buena buenas bueno buenos cada casi cierto como con conmigo contra cosa
cosas cual cuales cualquier cuando cuanto cuál cuándo cuánto cómo da dado dar de debajo debe deben
debería debido decir deja del demasiado demás dentro desde después dice dicho donde dos durante día
días dónde e el ella ellas ellos embargo en encima entonces entre equipo era eran eres es esa esas
ese eso esos esta estaba estamos estar estas este estimada estimado estimados esto estos estoy
estuve está están favor fue fuera fueron gracias gran gustaría ha había habían hace hacer hacia
haciendo hago han hasta hay haya he hecho hemos hice hizo hola horas hoy incluso ir jamás junto la
las le les llevo lo los luego mal mas mañana me mediante mejor menos mes mi mientras mio mis misma
mismo mismos mucha muchas mucho muchos muy más mí mía nada nadie necesito ni ninguna ninguno ningún
no noches nos nosotros nuestra nuestras nuestro nuestros nueva nuevo nunca o os otra otras otro
otros para parece parte pero poca poco pocos podemos poder podría podrían podéis por porque posible
pregunta primera primero problema problemas propio pude puedan puede pueden puedo pues que queremos
querer quería quien quienes quiere quiero quisiera quizá quizás quién qué razón respecto saber
saludos se sea según semana ser señor señora si sido siempre siendo siguiente sin sino sobre sois
solamente solo somos son soy su sus suya suyo sé sí sólo tal también tampoco tan tanto tardes te
tendría tenemos tener tengo tenía ti tiempo tiene tienen toda todas todavía todo todos tras tu tus
tú un una unas uno unos usted ustedes va vamos varias varios veces ver vez voy vuestra vuestro y ya
yo él ésta última último
"""
_PORTUGUESE = """
a acerca agora ainda ajuda ajudar ajudar-me ajudem algo algum alguma algumas alguns alguém ali além
alô ambos amigo ante anterior antes ao aonde aos apenas após aquela aquelas aquele aqueles aqui
aquilo as assim atenciosamente através atrás até aí bastante bem boa boas bom bom-dia bons cada
cara caro casa caso certo coisa coisas com comigo como conosco consegue consegui conseguir consigo
contra contudo cuja cujo cumprimentos cá da dado daquela daquele dar das de debaixo dela dele deles
demais dentro depois desde dessa desse desta deste deve devem deveria dia dias disse disso disto
diz dizer do dois dos duas durante dá e ela elas ele eles em embora enquanto entre então equipa
equipe era eram essa essas esse esses esta estamos estar estas estava estavam este esteja estes
estive estou está estão eu fala favor faz fazendo fazer faço feita feito ficar ficou foi for fora
foram fosse gostaria grande hoje hora horas há ia iria isso isto já lhe lhes logo lugar lá mais mal
mas me meio melhor menos mesma mesmo meu meus minha minhas muita muitas muito muitos na nada nas
nela nele nem nenhum nenhuma nessa nesse nesta neste ninguém nisso no noite nos nossa nossas nosso
nossos nova novo num numa nunca não nós o obrigada obrigado oi olá onde ontem os ou outra outras
outro outros para parece parte pela pelas pelo pelos pergunta perto pode podem poder poderia podia
pois por porque porquê porém posso pouca pouco poucos pra precisa preciso prezada prezado prezados
primeiro problema problemas própria próprio pude quais qual qualquer quando quanto quantos quase
que quem quer queria quero quê se seja sem semana sempre sendo senhor senhora ser seria será seu
seus si sido sim sob sobre somente sou sua suas são só tal também tampouco tanta tanto tarde te tem
temos tenha tenho ter teu teve ti tinha tinham tive toda todas todavia todo todos tu tua tudo tão
têm um uma umas uns usa usar vai vamos vem vez vezes você vocês vos vou várias vários vão à às é
"""

STOP_WORDS: Final = frozenset(
    word for words in (_ENGLISH, _GERMAN, _FRENCH, _SPANISH, _PORTUGUESE) for word in words.split()
)
