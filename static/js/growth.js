// The chart of the batches' growth: a stacked bar for each version, and a dashed one for the next.
// Colours are the stylesheet's, read anew when the theme changes.

import { ink, onThemeChange, stripes } from "./ink.js";

const SPLITS = ["train", "validation", "test"];
const LEAST_ROOM = 8; // bars stand at the left with room to grow
const ROOM_FOR_A_NUMBER = 44; // pixels; with less, only the newest bar has its number
const NEXT = "next";

const canvas = document.getElementById("growth-chart");
const data = JSON.parse(document.getElementById("growth-data").textContent);
const versions = data.versions;
const labels = versions.map(({ slug, filters }) => (filters ? [slug, "filtered"] : slug));
const totals = versions.map((version) => SPLITS.reduce((sum, split) => sum + version[split], 0));
if (data.next) labels.push(NEXT);
while (labels.length < LEAST_ROOM) labels.push(" ".repeat(labels.length));

const locale = document.documentElement.dataset.numbers;
const number = (value) => value.toLocaleString(locale);
const signed = (value) => `${value < 0 ? "−" : value ? "+" : "±"}${number(Math.abs(value))}`;

function colours() {
  return {
    text: ink("--text"), quiet: ink("--quiet"), line: ink("--line"), edge: ink("--edge"),
    panel: ink("--panel"), train: ink("--chart-1"), test: ink("--test"),
    validation: ink("color-mix(in srgb, var(--chart-1) 45%, white)"),
  };
}

function datasets(colour) {
  const fills = { train: colour.train, validation: colour.validation, test: stripes(colour.test, colour.panel) };
  return SPLITS.map((split) => ({
    label: split,
    data: versions.map((version) => version[split]),
    backgroundColor: fills[split],
    hoverBackgroundColor: fills[split],
    borderColor: colour.test,
    // The hatched part has a rim, or it would end nowhere.
    borderWidth: split === "test" ? { top: 1, right: 1, left: 1, bottom: 0 } : 0,
    borderSkipped: false,
    maxBarThickness: 76,
    categoryPercentage: 0.92,
    barPercentage: 0.82,
  }));
}

// The number above each bar, and the bar that is not there yet.
const tops = {
  id: "tops",
  afterDatasetsDraw(chart) {
    const { ctx, scales: { x, y } } = chart;
    const colour = chart.options.colour;
    const bars = chart.getDatasetMeta(0).data;
    ctx.save();
    ctx.font = `600 12px ${chart.options.font.family}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "bottom";
    ctx.fillStyle = colour.text;
    const isNarrow = chart.width / labels.length < ROOM_FOR_A_NUMBER;
    const first = isNarrow ? totals.length - 1 : 0;
    for (let i = first; i < totals.length; i += 1) write(ctx, number(totals[i]), bars[i].x, y.getPixelForValue(totals[i]) - 4, colour);
    if (data.next) ghost(ctx, x.getPixelForValue(versions.length), y, bars.at(-1).width, colour, isNarrow);
    ctx.restore();
  },
};

// A rim in the ground's colour: a line of the grid does not run through the digits.
function write(ctx, text, x, y, colour) {
  ctx.strokeStyle = colour.panel;
  ctx.lineWidth = 4;
  ctx.lineJoin = "round";
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}

function ghost(ctx, centre, y, width, colour, isNarrow) {
  const from = data.whole; // a filtered version is no step of the growth
  const top = y.getPixelForValue(data.next);
  ctx.setLineDash([4, 3]);
  ctx.lineWidth = 1;
  ctx.strokeStyle = colour.quiet;
  ctx.strokeRect(centre - width / 2 + 0.5, Math.round(top) + 0.5, width - 1, y.getPixelForValue(0) - top - 1);
  ctx.beginPath();
  ctx.moveTo(centre - width / 2, Math.round(y.getPixelForValue(from)) + 0.5);
  ctx.lineTo(centre + width / 2, Math.round(y.getPixelForValue(from)) + 0.5);
  ctx.stroke();
  ctx.setLineDash([]);
  if (isNarrow) return;
  ctx.fillStyle = colour.quiet;
  // What is only settled anew does not raise the bar; what was withdrawn since lowers it.
  write(ctx, signed(data.next - from), centre, Math.min(top, y.getPixelForValue(from)) - 4, colour);
}

function told(items) {
  const version = versions[items[0].dataIndex];
  const change = version.change === null ? "" : `, ${signed(version.change)}`;
  const size = `${number(totals[items[0].dataIndex])} videos${change}`;
  return version.filters ? [size, ...version.filters.split("; ")] : [size];
}

function options(colour) {
  const family = getComputedStyle(document.body).fontFamily;
  const font = { family, size: 12 };
  return {
    colour, font, locale, responsive: true, maintainAspectRatio: false, layout: { padding: { top: 20 } },
    animation: false, // also what a reader who wants no motion asked for
    interaction: { mode: "index", intersect: false },
    onClick: (event, bars) => bars.length && location.assign(versions[bars[0].index].url),
    onHover: (event, bars) => { canvas.style.cursor = bars.length ? "pointer" : "default"; },
    scales: {
      x: {
        stacked: true, grid: { display: false }, border: { color: colour.edge },
        ticks: { color: colour.quiet, font, maxRotation: 0, autoSkipPadding: 8 },
      },
      y: {
        stacked: true, grid: { color: colour.line, tickLength: 0 }, border: { display: false },
        ticks: { color: colour.quiet, font, padding: 8, maxTicksLimit: 6, precision: 0, includeBounds: false },
        max: Math.max(...totals, data.next, data.whole, 4),
      },
    },
    plugins: {
      legend: { display: false },
      tooltip: {
        backgroundColor: colour.panel, borderColor: colour.edge, borderWidth: 1, cornerRadius: 6, padding: 10,
        titleColor: colour.text, bodyColor: colour.text, footerColor: colour.quiet, caretSize: 0,
        titleFont: { ...font, weight: 600 }, bodyFont: font, footerFont: { ...font, weight: 400 },
        boxWidth: 12, boxHeight: 10, boxPadding: 4, animation: false, itemSort: (a, b) => b.datasetIndex - a.datasetIndex,
        callbacks: {
          title: (items) => `${versions[items[0].dataIndex].slug}, ${versions[items[0].dataIndex].date}`,
          label: (item) => `${item.dataset.label} ${number(item.raw)}`,
          footer: told,
        },
      },
    },
  };
}

let chart = null;

function draw() {
  const colour = colours();
  chart?.destroy();
  chart = new Chart(canvas, {
    type: "bar", data: { labels, datasets: datasets(colour) }, options: options(colour), plugins: [tops],
  });
  canvas.dataset.isDrawn = "";
}

draw();
onThemeChange(draw);
