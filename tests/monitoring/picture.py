"""Draws the dashboard's panels as one SVG from what a real Prometheus answers to their queries.

It is no screenshot of Grafana: the panels, titles and queries are the dashboard's, the drawing is
ours, and the caption says so."""
import json
import time
from html import escape

from stage import DASHBOARD, dashboard_queries

UNIT, GAP, WIDTH, SPAN_S, STEP_S = 22, 6, 1200, 60, 1
COLOURS = ("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0")
TEXT = 'font-family="sans-serif" fill="#d8d9da"'


def shorten(number, unit):
    if unit == "s":
        for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
            if abs(number) >= size:
                return f"{number / size:.1f} {word}"
        return f"{number * 1000:.0f} ms" if abs(number) < 1 else f"{number:.0f} s"
    if unit == "bytes":
        return f"{number / 2 ** 20:.1f} MiB"
    if unit == "percentunit":
        return f"{number * 100:.1f} %"
    return f"{number:.3g}"


def name_of(metric, legend):
    for label, value in metric.items():
        legend = legend.replace("{{%s}}" % label, value)
    if legend:
        return legend
    rest = [value for label, value in metric.items() if label not in ("namespace", "name")]
    return ", ".join([f"{metric['namespace']}/{metric['name']}", *rest])


def text(x, y, words, size=11, more=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" {TEXT} {more}>{escape(str(words))}</text>'


def stat(answers, x, y, w, h, unit):
    value = float(answers[0][0]["value"][1])
    return [text(x + w / 2, y + h / 2 + 20, shorten(value, unit), 30, 'text-anchor="middle"')]


def rows(answers, legends, x, y, w, h, unit):
    out, line = [], y + 38
    for answer, legend in zip(answers, legends):
        for result in answer:
            if line > y + h - 6:
                return out
            out.append(text(x + 10, line, name_of(result["metric"], legend), 11))
            out.append(text(x + w - 10, line, shorten(float(result["value"][1]), unit), 11,
                            'text-anchor="end"'))
            line += 17
    return out


def curves(series, x, y, w, h, unit, begin):
    top, bottom, left, right = y + 30, y + h - 32, x + 52, x + w - 10
    largest = max((float(v) for _, values in series for _, v in values), default=0) or 1.0
    out = []
    for part in (0, 0.5, 1):
        line = bottom - part * (bottom - top)
        out.append(f'<line x1="{left}" x2="{right}" y1="{line:.0f}" y2="{line:.0f}" stroke="#333"/>')
        out.append(text(left - 4, line + 4, shorten(part * largest, unit), 9, 'text-anchor="end"'))
    legend_x = left
    for number, (name, values) in enumerate(series):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(
            f"{left + (at - begin) / SPAN_S * (right - left):.0f},"
            f"{bottom - float(v) / largest * (bottom - top):.0f}" for at, v in values)
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        if legend_x + 6 * len(name) < right:
            out.append(f'<rect x="{legend_x:.0f}" y="{y + h - 18}" width="8" height="8" fill="{colour}"/>')
            out.append(text(legend_x + 11, y + h - 10, name, 9))
            legend_x += 22 + 5.2 * len(name)
    return out


def panel_lines(prometheus, panel, queries, x, y, w, h, end):
    unit = panel["fieldConfig"]["defaults"]["unit"]
    legends = [target["legendFormat"] for target in panel["targets"]]
    if panel["type"] == "timeseries":
        series = [(name_of(result["metric"], legend), result["values"])
                  for query, legend in zip(queries, legends)
                  for result in prometheus.ask("query_range", query=query, start=end - SPAN_S,
                                               end=end, step=STEP_S)["result"]]
        return curves(series, x, y, w, h, unit, end - SPAN_S)
    answers = [prometheus.query(query) for query in queries]
    if panel["type"] == "stat":
        return stat(answers, x, y, w, h, unit)
    return rows(answers, legends, x, y, w, h, unit)


def draw(prometheus):
    end = time.time()
    queries = {}
    for title, query in dashboard_queries():
        queries.setdefault(title, []).append(query)
    out, lowest = [], 0
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        at = panel["gridPos"]
        x, y = at["x"] * WIDTH / 24 + GAP / 2, at["y"] * UNIT + 40
        w, h = at["w"] * WIDTH / 24 - GAP, at["h"] * UNIT - GAP
        lowest = max(lowest, y + h)
        if panel["type"] == "row":
            out.append(text(x + 4, y + 13, panel["title"], 13, 'font-weight="bold"'))
            continue
        out.append(f'<rect x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="{h:.0f}" fill="#212124"/>')
        out.append(text(x + 8, y + 17, panel["title"], 12))
        out += panel_lines(prometheus, panel, queries[panel["title"]], x, y, w, h, end)
    caption = ("The dashboard's panels, drawn by tests/monitoring/picture.py from the answers of a real "
               f"Prometheus; {SPAN_S} s of nbkeys against its sandbox. Not a screenshot of Grafana.")
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {lowest + 30:.0f}">'
            f'<rect width="{WIDTH}" height="{lowest + 30:.0f}" fill="#141414"/>')
    return "\n".join([head, text(6, 24, "nbkeys", 18, 'font-weight="bold"'), *out,
                      text(6, lowest + 20, caption, 11), "</svg>"]) + "\n"
