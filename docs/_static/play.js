// The first page plays: points whose labels can be made wrong, and what two models learn
// from them. The models are those of models.js, the points those of the picture in README.

const VIEW = { left: -5, right: 9, bottom: -4, top: 4.5, scale: 40 };
const WIDTH = (VIEW.right - VIEW.left) * VIEW.scale;
const HEIGHT = (VIEW.top - VIEW.bottom) * VIEW.scale;
const toScreen = ([x, y]) => [(x - VIEW.left) * VIEW.scale, (VIEW.top - y) * VIEW.scale];
const clip = (value, low, high) => Math.min(Math.max(value, low), high);

const play = {
  points: [], flipped: [], moved: [], selected: 0, isTold: true, panels: [],

  reset() {
    play.points = POINTS.X.map(point => [...point]);
    play.flipped = POINTS.y.map(() => false);
    play.moved = POINTS.y.map(() => false);
  },

  // The label as it is recorded; the true one of a point that was moved is that of its side.
  recorded: () => POINTS.y.map((label, i) => (play.flipped[i] ? 1 - label : label)),
  isWrong: () => play.recorded().map((label, i) => label !== play.trueLabel(i)),
  trueLabel(i) {
    if (!play.moved[i]) return POINTS.y[i];
    const [a, b] = POINTS.centres;
    return Number(dot(play.points[i], [b[0] - a[0], b[1] - a[1]]) > 0);
  },

  // What there is to see, computed from the points alone.
  fit() {
    const labels = play.recorded(), wrong = play.isWrong();
    const share = wrong.filter(Boolean).length / labels.length;
    const noise = play.isTold ? Math.min(share, 0.45) : 0;
    const neuron = fitNeuron(play.points, labels, noise);
    const logistic = fitLogistic(play.points, labels);
    // A neuron that is told that no label is wrong suspects none.
    const quality = play.isTold && noise === 0
      ? labels.map(() => 1) : labelQuality(play.points, labels, noise, neuron);
    const found = quality.map(value => value < 0.5);
    return {
      labels, wrong, share, noise, neuron, logistic, found,
      estimate: 1 - quality.reduce((a, b) => a + b, 0) / quality.length,
    };
  },
};

function svg(name, attributes, parent) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

function html(name, attributes, parent, text = "") {
  const element = document.createElement(name);
  Object.assign(element, attributes);
  element.textContent = text;
  parent.append(element);
  return element;
}

function makePanel(kind, title, parent) {
  const figure = html("figure", {}, parent);
  html("figcaption", {}, figure, title);
  const picture = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`, tabindex: 0, role: "application",
    "aria-label": `${title}. Arrow keys choose a point, the space bar flips its label, ` +
      "Shift and an arrow key move it.",
  }, figure);
  const gradient = svg("linearGradient",
    { id: `shade-${kind}`, gradientUnits: "userSpaceOnUse" }, svg("defs", {}, picture));
  for (let k = 0; k <= 40; k++) svg("stop", { offset: k / 40 }, gradient);
  svg("rect", { width: WIDTH, height: HEIGHT, fill: `url(#shade-${kind})` }, picture);
  const border = svg("line", { class: "border" }, picture);
  const marks = POINTS.y.map((_, i) => {
    const group = svg("g", { class: "point", "data-row": i }, picture);
    svg("circle", { class: "ring", r: 12 }, group);
    svg("path", { class: "found", d: "M-15 -15H15V15H-15Z" }, group);
    svg("path", { class: "mark" }, group);
    svg("circle", { class: "grip", r: 16 }, group);
    return group;
  });
  const score = html("p", { className: "score" }, figure);
  listen(picture);
  return { kind, picture, gradient, border, marks, score };
}

const CIRCLE = "M-7 0A7 7 0 1 1 7 0A7 7 0 1 1 -7 0Z", SQUARE = "M-6 -6H6V6H-6Z";

function drawPanel(panel, coef, state) {
  const [w1, w2, b] = coef, norm = Math.hypot(w1, w2) || 1e-9;
  // Along the weights, from z = -6 to z = 6, the probability goes from nearly 0 to nearly 1.
  const at = z => toScreen([((z - b) / norm) * (w1 / norm), ((z - b) / norm) * (w2 / norm)]);
  const [start, end] = [at(-6), at(6)];
  panel.gradient.setAttribute("x1", start[0]);
  panel.gradient.setAttribute("y1", start[1]);
  panel.gradient.setAttribute("x2", end[0]);
  panel.gradient.setAttribute("y2", end[1]);
  [...panel.gradient.children].forEach((stop, k) => {
    const p = sigmoid(-6 + 12 * k / 40);
    stop.setAttribute("stop-color", p < 0.5 ? "#D55E00" : "#0072B2");
    stop.setAttribute("stop-opacity", (0.9 * Math.abs(p - 0.5)).toFixed(3));
  });
  const middle = at(0), along = [-w2 / norm, w1 / norm];
  for (const [end, sign] of [["1", -1], ["2", 1]]) {
    panel.border.setAttribute(`x${end}`, middle[0] + sign * 2000 * along[0]);
    panel.border.setAttribute(`y${end}`, middle[1] - sign * 2000 * along[1]);
  }
  panel.marks.forEach((group, i) => {
    const [x, y] = toScreen(play.points[i]);
    group.setAttribute("transform", `translate(${x} ${y})`);
    group.classList.toggle("one", state.labels[i] === 1);
    group.classList.toggle("wrong", state.wrong[i]);
    group.classList.toggle("suspected", panel.kind === "neuron" && state.found[i]);
    group.classList.toggle("selected", i === play.selected);
    group.querySelector(".mark").setAttribute("d", state.labels[i] ? CIRCLE : SQUARE);
  });
  panel.score.textContent = `Brier score on new rows: ${scoreModel(coef, POINTS.centres).toFixed(3)}`;
}

function draw() {
  const state = play.fit();
  for (const panel of play.panels) drawPanel(panel, state[panel.kind], state);
  const count = list => list.filter(Boolean).length;
  const hits = count(state.found.map((found, i) => found && state.wrong[i]));
  const n = count(state.wrong);
  play.shown.textContent = `${n} of ${state.labels.length} labels`;
  play.told.textContent = play.isTold
    ? `The neuron is told that ${(100 * state.noise).toFixed(0)} % are wrong`
    : "The neuron is told nothing";
  play.status.textContent =
    `Wrong labels: ${(100 * state.share).toFixed(0)} %, by the neuron's own estimate ` +
    `${(100 * state.estimate).toFixed(0)} %. Labels that it suspects: ${count(state.found)}, ` +
    `of which wrong: ${hits}, correct: ${count(state.found) - hits}.`;
}

// After a change by hand the slider shows the share that results.
function drawAll() {
  draw();
  play.slider.value = Math.round(100 * play.fit().share);
}

function flip(i) {
  play.flipped[i] = !play.flipped[i];
  drawAll();
}

function flipShare(share) {
  play.reset();
  const n = Math.round(share * POINTS.y.length);
  POINTS.order.slice(0, n).forEach(i => { play.flipped[i] = true; });
  draw();
}

function moveTo(i, x, y) {
  play.points[i] = [
    clip(x, VIEW.left + 0.3, VIEW.right - 0.3), clip(y, VIEW.bottom + 0.3, VIEW.top - 0.3)];
  play.moved[i] = true;
  drawAll();
}

// The nearest point in the direction of an arrow key.
function findNext([dx, dy]) {
  const [x, y] = play.points[play.selected];
  let best = play.selected, shortest = Infinity;
  play.points.forEach((point, i) => {
    const ahead = (point[0] - x) * dx + (point[1] - y) * dy;
    const aside = Math.abs((point[0] - x) * dy) + Math.abs((point[1] - y) * dx);
    if (i !== play.selected && ahead > 1e-9 && ahead + 2 * aside < shortest) {
      [best, shortest] = [i, ahead + 2 * aside];
    }
  });
  return best;
}

const ARROWS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
};

// The point that is nearest to a place: those under a finger overlap.
function findNearest([x, y]) {
  const distances = play.points.map(point => Math.hypot(point[0] - x, point[1] - y));
  return distances.indexOf(Math.min(...distances));
}

function listen(picture) {
  let dragged = null, isMoved = false;
  const locate = event => {
    const box = picture.getBoundingClientRect();
    return [
      VIEW.left + (event.clientX - box.left) / box.width * (VIEW.right - VIEW.left),
      VIEW.top - (event.clientY - box.top) / box.height * (VIEW.top - VIEW.bottom)];
  };
  picture.addEventListener("pointerdown", event => {
    if (!event.target.closest(".point")) return;
    dragged = play.selected = findNearest(locate(event));
    isMoved = false;
    picture.setPointerCapture(event.pointerId);
    picture.focus({ preventScroll: true });
    event.preventDefault();
  });
  picture.addEventListener("pointermove", event => {
    if (dragged === null) return;
    const [x, y] = locate(event), [x0, y0] = play.points[dragged];
    isMoved ||= Math.hypot(x - x0, y - y0) > 0.3; // a click may tremble
    if (isMoved) moveTo(dragged, x, y);
  });
  picture.addEventListener("pointerup", () => {
    if (dragged !== null && !isMoved) flip(dragged);
    dragged = null;
  });
  picture.addEventListener("pointercancel", () => { dragged = null; });
  picture.addEventListener("keydown", event => {
    const arrow = ARROWS[event.key], i = play.selected;
    if (arrow && event.shiftKey) {
      moveTo(i, play.points[i][0] + arrow[0] / 2, play.points[i][1] + arrow[1] / 2);
    } else if (arrow) {
      play.selected = findNext(arrow);
      draw();
    } else if (event.key === " " || event.key === "Enter") {
      flip(i);
    } else {
      return;
    }
    event.preventDefault();
  });
}

function start(root) {
  root.replaceChildren();
  const panels = html("div", { className: "panels" }, root);
  play.panels = [
    makePanel("logistic", "Logistic regression", panels),
    makePanel("neuron", "Sigmoid neuron", panels),
  ];
  const controls = html("div", { className: "controls" }, root);
  const share = html("label", {}, controls, "Flip a share of the labels ");
  play.slider = html("input", { type: "range", min: 0, max: 40, step: 1, value: 0 }, share);
  play.shown = html("output", {}, share);
  play.slider.addEventListener("input", () => flipShare(play.slider.value / 100));
  const told = html("label", {}, controls);
  const box = html("input", { type: "checkbox", checked: true }, told);
  play.told = html("span", {}, told);
  box.addEventListener("change", () => { play.isTold = box.checked; draw(); });
  const again = html("button", { type: "button" }, controls, "Start again");
  again.addEventListener("click", () => { play.reset(); drawAll(); });
  play.status = html("p", { className: "status" }, root);
  play.status.setAttribute("role", "status");
  html("p", { className: "hint" }, root,
    "Colour and shape are the recorded label, a ring marks a wrong one, a box one that the " +
    "neuron suspects. The shade is the probability. The Brier score is the mean squared error " +
    "of the probabilities, 0 is perfect. Keyboard: arrow keys choose a point, the space bar " +
    "flips its label, Shift and an arrow key move it.");
  play.reset();
  play.selected = POINTS.order[0];
  draw();
}

start(document.getElementById("play"));
