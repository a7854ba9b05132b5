"""Line charts as SVG, of nothing but Python: panels side by side, readable on light and on dark pages."""
import math
from html import escape

# Of Okabe and Ito (2008), told apart by everybody; the second is for dark pages.
COLOURS = [("#0072b2", "#56b4e9"), ("#d55e00", "#ff9e4a"), ("#009e73", "#4fd1a5"), ("#a2558a", "#dd9cc6")]
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, GAP = 300, 190, 54, 46, 76, 26


def style():
    def lines(index):
        return "".join(f".s{number}{{stroke:{pair[index]}}}.f{number}{{fill:{pair[index]}}}" for number, pair in enumerate(COLOURS))
    return ("text{font:12px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600}.g{stroke:#8c959f;stroke-opacity:.35}"
            ".l{fill:none;stroke-width:2}.i{fill:none;stroke:#8c959f;stroke-dasharray:4 4}" + lines(0)
            + "@media(prefers-color-scheme:dark){text{fill:#e6edf3}" + lines(1) + "}")


class Panel:
    """One chart: x is in powers of two, y from 0 to `most`.

    series: (name, [(x, y)]); ideal: a dashed line of such points.
    """

    def __init__(self, title, x_name, y_name, series, most=None, ideal=(), percent=False):
        self.title, self.x_name, self.y_name, self.series, self.ideal, self.percent = title, x_name, y_name, series, ideal, percent
        points = [point for _, line in series for point in line] + list(ideal)
        self.low, self.high = (math.log2(bound(x for x, _ in points)) for bound in (min, max))
        self.most = most or self.round_up(max(y for _, y in points))

    @staticmethod
    def round_up(value):
        unit = 10 ** math.floor(math.log10(value))
        return next(step * unit for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * unit >= value)

    def place(self, point):
        share = (math.log2(point[0]) - self.low) / max(1e-9, self.high - self.low)
        return f"{LEFT + share * WIDTH:.1f},{TOP + HEIGHT * (1 - min(point[1], self.most) / self.most):.1f}"

    def label(self, value):
        return f"{100 * value:.0f} %" if self.percent else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

    def svg(self, x, y):
        parts = [f'<g transform="translate({x},{y})">', f'<text class="t" x="{LEFT}" y="20">{escape(self.title)}</text>',
                 f'<text x="{LEFT}" y="37">{escape(self.y_name)}</text>']
        for tick in range(5):
            y = TOP + HEIGHT * (1 - tick / 4)
            parts.append(f'<line class="g" x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
                         f'<text x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{self.label(self.most * tick / 4)}</text>')
        exponents = range(round(self.low), round(self.high) + 1)
        for exponent in exponents:
            if (exponent - exponents[0]) % max(1, (len(exponents) + 5) // 6):
                continue
            x = self.place((2 ** exponent, 0)).split(",")[0]
            parts.append(f'<text x="{x}" y="{TOP + HEIGHT + 17}" text-anchor="middle">{2 ** exponent}</text>')
        parts.append(f'<text x="{LEFT + WIDTH}" y="{TOP + HEIGHT + 33}" text-anchor="end">{escape(self.x_name)}</text>')
        if self.ideal:
            parts.append(f'<polyline class="i" points="{" ".join(map(self.place, self.ideal))}"/>')
        for number, (name, line) in enumerate(self.series):
            parts.append(f'<polyline class="l s{number}" points="{" ".join(map(self.place, line))}"/>')
            parts += [f'<circle class="f{number}" r="3" cx="{x}" cy="{y}"/>' for x, y in (self.place(point).split(",") for point in line)]
            y = TOP + HEIGHT + 33 + 14 * number
            parts.append(f'<line class="l s{number}" x1="{LEFT}" x2="{LEFT + 18}" y1="{y - 4}" y2="{y - 4}"/>'
                         f'<text x="{LEFT + 24}" y="{y}">{escape(name)}</text>')
        return "".join(parts) + "</g>"


def write(path, panels, title):
    """Writes three panels beside each other, or rows of two; `title` is what a screen reader says."""
    columns = len(panels) if len(panels) in (1, 3) else 2
    across, down = LEFT + WIDTH + GAP, TOP + HEIGHT + BOTTOM
    width, height = columns * across, (len(panels) + columns - 1) // columns * down
    body = "\n".join(panel.svg(index % columns * across, index // columns * down) for index, panel in enumerate(panels))
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
                    f'role="img" aria-label="{escape(title)}">\n<style>{style()}</style>\n{body}\n</svg>\n')
