// The two models of the first page, for two features and two classes, as the package and
// scikit-learn fit them: docs/test_site.py compares their weights. A row is [x1, x2, 1].

const sigmoid = z => 1 / (1 + Math.exp(-z));
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

// The largest second derivative of half the squared error in z.
const STEEPEST = (9 + Math.sqrt(33)) / 24;
const CURVATURE = STEEPEST * (1 - STEEPEST) ** 2 * (3 * STEEPEST - 1);

// Loss and negative gradient of the neuron: the errors are those of q, the probability of
// the label as recorded, if a share `noise` of all labels is wrong.
function evaluate(rows, labels, noise, coef) {
  const pull = [0, 0, 0];
  let loss = 0;
  rows.forEach((row, i) => {
    const output = sigmoid(dot(row, coef));
    const error = labels[i] - (noise + (1 - 2 * noise) * output);
    const delta = (1 - 2 * noise) * error * output * (1 - output);
    loss += error * error;
    row.forEach((value, j) => { pull[j] += delta * value; });
  });
  return { coef, loss, pull };
}

// SigmoidNeuronClassifier(max_iter=steps, label_noise=noise): [w1, w2, intercept]. Step
// sizes are powers of two times a step that cannot raise the loss.
function fitNeuron(points, labels, noise, steps = 30) {
  const rows = points.map(point => [...point, 1]);
  const smallest = 1 / (CURVATURE * rows.reduce((sum, row) => sum + dot(row, row), 0));
  let kept = evaluate(rows, labels, noise, [0, 0, 0]);
  let j = 0;
  for (let step = 0; step < steps; step++) {
    const size = smallest * 2 ** j;
    const coef = kept.coef.map((value, i) => value + size * kept.pull[i]);
    const trial = evaluate(rows, labels, noise, coef);
    if (j > 0 && !(trial.loss <= kept.loss * (1 + 16 * Number.EPSILON))) {
      j = Math.max(j - 2, 0); // the step is taken back
      continue;
    }
    const change = trial.pull.map((value, i) => value - kept.pull[i]);
    const ratio = dot(kept.pull, kept.pull) / (2 * dot(change, change));
    const longest = Number.isFinite(ratio) ? Math.floor(Math.log2(ratio) / 2) : 2;
    j = Math.max(0, j + Math.min(2, longest));
    kept = trial;
  }
  return kept.coef;
}

// LogisticRegression(): Newton's method on the log loss with half the squared weights.
function fitLogistic(points, labels) {
  const rows = points.map(point => [...point, 1]);
  let coef = [0, 0, 0];
  for (let step = 0; step < 50; step++) {
    const gradient = [coef[0], coef[1], 0];
    const hessian = [[1, 0, 0], [0, 1, 0], [0, 0, 1e-12]];
    rows.forEach((row, i) => {
      const output = sigmoid(dot(row, coef));
      for (let a = 0; a < 3; a++) {
        gradient[a] += (output - labels[i]) * row[a];
        for (let b = 0; b < 3; b++) {
          hessian[a][b] += output * (1 - output) * row[a] * row[b];
        }
      }
    });
    const move = solve(hessian, gradient);
    coef = coef.map((value, i) => value - move[i]);
    if (Math.max(...move.map(Math.abs)) < 1e-12) break;
  }
  return coef;
}

// Solve three linear equations by Cramer's rule.
function solve(A, b) {
  const determinant = m =>
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
    m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
    m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
  return [0, 1, 2].map(j => {
    const swapped = A.map((row, i) => row.map((value, k) => (k === j ? b[i] : value)));
    return determinant(swapped) / determinant(A);
  });
}

// The expected Brier score on new rows with correct labels: in each class the raw
// prediction is normally distributed.
function scoreModel(coef, centres) {
  const spread = Math.hypot(coef[0], coef[1]);
  let score = 0;
  centres.forEach((centre, label) => {
    let sum = 0, total = 0;
    for (let x = -8; x <= 8; x += 0.05) {
      const density = Math.exp(-x * x / 2);
      const output = sigmoid(dot([...centre, 1], coef) + x * spread);
      sum += density * (label - output) ** 2;
      total += density;
    }
    score += sum / total / centres.length;
  });
  return score;
}

// The probability that each recorded label is the true one; without label noise, that of
// the label.
function labelQuality(points, labels, noise, coef) {
  return points.map((point, i) => {
    const one = sigmoid(dot([...point, 1], coef));
    const own = labels[i] ? one : 1 - one;
    return noise === 0 ? own : (1 - noise) * own / ((1 - noise) * own + noise * (1 - own));
  });
}
