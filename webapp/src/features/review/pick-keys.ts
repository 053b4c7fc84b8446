/** The keys that choose the first, the second … option of a group. */
export const pickKeys: readonly string[] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"];
