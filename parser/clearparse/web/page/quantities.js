// The quantities of the notes: equation, meaning, and where they are derived (the notes' section, and docs/gradients.md).
export const FORWARD = [
  {key: "x", equation: "*x* = [*L*_{*w*_{0}} *L*_{*w*_{1}} … *L*_{*w*_{*m*−1}}]", text: "The embeddings of the m slots (rows of L), concatenated; drawn here with one row for each slot.",
    notes: "section 4", derivation: "x = L[w]"},
  {key: "z", equation: "*z* = *x**W* + *b*_{1}", text: "A sum of one product for each slot, plus the bias.", notes: "section 4", derivation: "z = x @ W"},
  {key: "h", equation: "*h* = ReLU(*z*)", text: "The hidden units; those with z ≤ 0 are inactive.", notes: "section 4; derivative: identity (4)", derivation: "(4)"},
  {key: "theta", equation: "θ = *h**U* + *b*_{2}", text: "A score for each transition.", notes: "section 4", derivation: "theta = h @ U"},
  {key: "y_hat", equation: "ŷ = softmax(θ)", text: "Probabilities of the legal transitions.", notes: "section 4", derivation: "Legal classes."},
  {key: "dtheta/dL", equation: "∂θ_{c}/∂*L*_{*w*_{*i*}} = (*U*_{c}^{T} ∘ sgn(*h*)) *W*_{*i*}^{T}",
    text: "The gradient of the explained score, or of the difference of two; one row for each slot. Its product with x, summed over each row, gives the bars under “Why”.",
    notes: "identities (2) and (4)", derivation: "delta_2."},
];
export const BACKWARD = [
  {key: "J", equation: "*J* = CE(*y*, ŷ) = −log ŷ_{*y*}", text: "The cross-entropy loss: 0 if the target has probability 1.", notes: "section 4", derivation: "The right class is 0"},
  {key: "delta_1", equation: "δ_{1} = ∂*J*/∂θ = ŷ − *y*", text: "The error signal at the scores, one value for each transition; equal to ∂J/∂b₂.", notes: "identity (7)", derivation: "delta_1."},
  {key: "delta_2", equation: "δ_{2} = ∂*J*/∂*z* = δ_{1}*U*^{T} ∘ sgn(*h*)", text: "The error signal at the hidden layer, 0 for inactive units; equal to ∂J/∂b₁.", notes: "identities (2) and (4)", derivation: "delta_2."},
  {key: "dJ/dU", equation: "∂*J*/∂*U* = *h*^{T}δ_{1}", text: "One row for each hidden unit, one column for each transition: each cell is the product of a value of h and one of δ₁.",
    notes: "identity (6)", derivation: "dJ/dU and dJ/db_2."},
  {key: "dJ/dW", equation: "∂*J*/∂*W* = *x*^{T}δ_{2}", text: "One row for each element of x; of the d rows of a slot, the largest value is drawn. Columns of inactive units are 0.",
    notes: "identity (6)", derivation: "dJ/dW and dJ/db_1."},
  {key: "dJ/dL", equation: "∂*J*/∂*L*_{*w*_{*i*}} = δ_{2}*W*_{*di*:*d*(*i*+1)}^{T}", text: "The gradients of the embeddings that were looked up; one row for each slot.", notes: "identity (2)", derivation: "dJ/dL_{w_i}."},
];
