/*
 * paint.js - rows into pixels.
 *
 * All intervals of a frame go into one buffer of pixels, which is then put on the canvas at once;
 * text is written over it.  A row is a small chart of areas: at each pixel its height is shared
 * out to the classes by the time that they have there, so that what is too small to be told apart
 * is still seen, in its proportion, and nothing that occurs is left out: it has two pixels at the
 * least.
 */

/* The colours of the theme in force, as the canvas has them. */
class Palette {
	constructor() {
		const pixel = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
		const probe = document.body.appendChild(document.createElement('i'));
		this.css = name => {
			probe.style.color = `var(--${name})`;
			return getComputedStyle(probe).color;
		};
		const number = name => {
			pixel.clearRect(0, 0, 1, 1);
			pixel.fillStyle = this.css(name);
			pixel.fillRect(0, 0, 1, 1);
			const [r, g, b] = pixel.getImageData(0, 0, 1, 1).data;
			return (0xff000000 | b << 16 | g << 8 | r) >>> 0;
		};
		this.ground = number('ground');
		this.lane = number('lane');
		this.line = number('line');
		this.cls = CLASSES.map(name => number('c-' + name));
		const inks = { fault: 'ink-fault', sleep: 'ink-quiet', idle: 'ink-quiet', off: 'ink-quiet' };
		this.ink = CLASSES.map(name => this.css(inks[name] || 'ink-on'));
		this.text = Object.fromEntries(['text', 'quiet', 'line', 'ground', 'accent', 'shade', 'find',
			'el0', 'el1', 'el2', 'el3'].map(name => [name, this.css(name)]));
		probe.remove();
	}
}

class Painter {
	constructor(canvas) {
		this.canvas = canvas;
		this.context = canvas.getContext('2d', { alpha: false });
		this.palette = new Palette();
		this.sums = new Float32Array(0);
	}

	/*
	 * A frame begins: so many CSS pixels, `left` of them for names; strokes: the x of the
	 * scale's.
	 */
	begin(width, height, left, strokes = []) {
		const scale = window.devicePixelRatio || 1;
		const w = Math.round(width * scale), h = Math.round(height * scale);
		if (this.canvas.width !== w || this.canvas.height !== h || !this.image) {
			this.canvas.width = w;
			this.canvas.height = h;
			this.image = this.context.createImageData(w, h);
			this.pixels = new Uint32Array(this.image.data.buffer);
		}
		this.scale = scale;
		this.w = w;
		this.h = h;
		this.left = Math.round(left * scale);
		this.span = Math.max(1, w - this.left);
		this.pixels.fill(this.palette.ground);
		this.strokes = strokes.map(x => Math.round(x * scale)).filter(x => x >= this.left && x < w);
		this.texts = [];
		this.filled = 0;
	}

	/* This row between the times v0 and v1, its top at y, height high (CSS pixels). */
	row(row, v0, v1, y, high, names) {
		const top = Math.round(y * this.scale), tall = Math.round((y + high) * this.scale) - top;
		if (top + tall <= 0 || top >= this.h)
			return;
		this.rect(this.left, this.w, top, tall, this.palette.lane);
		for (const x of this.strokes)
			this.column(x, top, top + tall, this.palette.line);
		if (!row || !row.n)
			return;
		this.v0 = v0;
		this.v1 = v1;
		this.rate = this.span / (v1 - v0);
		this.names = names;
		this.gather(row);
		this.areas(row, top, tall);
		if (names)
			for (const text of this.found)
				this.texts.push({ ...text, y: y + high / 2 });
	}

	/*
	 * Several rows of one core as one chart, without what is idle: the first of them at the
	 * bottom.
	 */
	stack(rows, v0, v1, y, high) {
		const top = Math.round(y * this.scale), tall = Math.round(high * this.scale);
		this.v0 = v0;
		this.v1 = v1;
		this.rate = this.span / (v1 - v0);
		this.names = false;
		this.rect(this.left, this.w, top, tall, this.palette.lane);
		const bottoms = new Float32Array(this.span).fill(top + tall);
		for (const row of rows.filter(one => one.n)) {
			this.gather(row);
			row.kinds.forEach((cls, k) => {
				for (let x = 0; cls !== C.idle && x < this.span; x++) {
					const sum = this.sums[x * row.kinds.length + k];
					if (sum <= 0)
						continue;
					const from = bottoms[x] - Math.max(1, sum * tall);
					this.column(this.left + x, Math.max(top, Math.round(from)), Math.round(bottoms[x]),
						this.palette.cls[cls]);
					bottoms[x] = from;
				}
			});
		}
	}

	/*
	 * The sums of each pixel and class, and the intervals that are wide enough for their
	 * names.
	 */
	gather(row) {
		const wide = row.kinds.length;
		if (this.sums.length < this.span * wide)
			this.sums = new Float32Array(this.span * wide);
		else
			this.sums.fill(0, 0, this.span * wide);
		this.found = [];
		this.walk(row, row.sums.length, 0);
	}

	/*
	 * Node `at` of this level (0: the intervals themselves); it goes down only where it must.
	 */
	walk(row, level, at) {
		if (level === 0)
			return this.interval(row, at);
		const width = 8 ** level, first = at * width;
		const last = Math.min(row.n, first + width) - 1;
		const t0 = row.start(first), t1 = row.stop(last);
		if (t1 < this.v0 || t0 > this.v1)
			return undefined;
		const x0 = Math.floor((t0 - this.v0) * this.rate);
		if (x0 >= 0 && x0 < this.span && x0 === Math.floor((t1 - this.v0) * this.rate)) {
			const wide = row.kinds.length, sums = row.sums[level - 1];
			for (let k = 0; k < wide; k++)
				this.sums[x0 * wide + k] += Math.max(sums[at * wide + k] * this.rate,
					sums[at * wide + k] > 0 ? 1e-6 : 0);
			return undefined;
		}
		const below = Math.min(Math.ceil(row.n / 8 ** (level - 1)), at * 8 + 8);
		for (let child = at * 8; child < below; child++)
			this.walk(row, level - 1, child);
		return undefined;
	}

	interval(row, i) {
		const t0 = row.start(i), t1 = row.stop(i);
		if (t1 < this.v0 || t0 > this.v1)
			return;
		const wide = row.kinds.length, k = row.place[row.cls[i]], sums = this.sums;
		let x0 = Math.max(0, (t0 - this.v0) * this.rate);
		let x1 = Math.min(this.span, (t1 - this.v0) * this.rate);
		if (x1 - x0 > 3 * this.scale) { // wide: its edges are sharp, and a gap tells neighbours apart
			x0 = Math.round(x0);
			x1 = Math.round(x1) - (this.names && x1 < this.span ? Math.round(this.scale) : 0);
		}
		const first = Math.floor(x0), last = Math.min(this.span - 1, Math.floor(x1));
		if (first >= this.span)
			return;
		if (first === last) {
			sums[first * wide + k] += Math.max(x1 - x0, 1e-6);
		} else {
			sums[first * wide + k] += first + 1 - x0;
			for (let x = first + 1; x < last; x++)
				sums[x * wide + k] = 1;
			sums[last * wide + k] += Math.min(1, x1 - last);
		}
		if (this.names && x1 - x0 > 30 * this.scale)
			this.found.push({ row, i, x: (this.left + x0) / this.scale, w: (x1 - x0) / this.scale });
	}

	areas(row, top, tall) {
		const wide = row.kinds.length, sums = this.sums, least = Math.min(2, tall);
		for (let x = 0; x < this.span; x++) {
			let at = x * wide, bottom = top + tall;
			for (let k = 0; k < wide; k++, at++) {
				const sum = sums[at];
				if (sum <= 0)
					continue;
				this.filled++;
				const rows = Math.max(least, Math.round(sum * tall));
				const from = Math.max(top, bottom - rows);
				this.column(this.left + x, from, Math.max(from + 1, bottom),
					this.palette.cls[row.kinds[k]]);
				bottom = Math.max(top + 1, from);
			}
		}
	}

	column(x, top, bottom, colour) {
		const end = Math.min(bottom, this.h), w = this.w, pixels = this.pixels;
		for (let y = Math.max(0, top), at = y * w + x; y < end; y++, at += w)
			pixels[at] = colour;
	}

	rect(left, right, top, tall, colour) {
		const end = Math.min(this.h, top + tall);
		for (let y = Math.max(0, top); y < end; y++)
			this.pixels.fill(colour, y * this.w + left, y * this.w + right);
	}

	/* What was put at this place of the canvas, below all text: [red, green, blue]. */
	at(x, y) {
		const colour = this.pixels[Math.floor(y * this.scale) * this.w + Math.floor(x * this.scale)];
		return [colour & 255, colour >> 8 & 255, colour >> 16 & 255];
	}

	/* All rows are there: onto the canvas, and from here on drawing is in CSS pixels. */
	show() {
		this.context.putImageData(this.image, 0, 0);
		this.context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
		return this.context;
	}
}

/* The text, cut to so many characters. */
function cut(text, chars) {
	return text.length <= chars ? text : chars > 1 ? text.slice(0, chars - 1) + '…' : '';
}

/* A time in the unit that suits it: 1.25 ms. */
function duration(ns, digits = 3) {
	if (!(ns >= 0))
		return '–';
	for (const [unit, size] of [['s', 1e9], ['ms', 1e6], ['µs', 1e3]])
		if (ns >= size)
			return Number((ns / size).toPrecision(Math.max(digits, String(Math.floor(ns / size)).length))) +
				' ' + unit;
	return Math.round(ns) + ' ns';
}
