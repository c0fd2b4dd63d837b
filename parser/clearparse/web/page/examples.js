// Sentences to begin with, each with what to look at.
export const EXAMPLES = [
  {name: "Attachment", text: "The old cat that sleeps on the sofa has seen a bird in the garden.", hint: "Does “in the garden” belong to “bird” or to “seen”?"},
  {name: "Short sentence", text: "The dog sleeps.", hint: "A good place to begin."},
  {name: "Garden path", text: "The horse raced past the barn fell.", hint: "“raced” looks like the main verb until “fell” comes."},
  {name: "Long-distance", text: "Which book did she say that the children wanted to read?", hint: "“book” is the object of “read”, nine words later."},
  {name: "Non-projective", text: "A hearing is scheduled on the issue today.", hint: "“on the issue” belongs to “hearing”, but arc-standard cannot build arcs that cross."},
  {name: "Question", text: "Where did you put the keys that I gave you?", hint: "The question word, the auxiliary and the subject are inverted."},
];
