/*
 * view.js - the time line: which rows stand where, which time is seen, and what is under the
 * pointer.
 *
 * A frame is drawn when something has changed, once for each time the browser shows one.
 */

const AXIS = 26; // CSS pixels of the time's scale at the top
const LANE = 15, LANE_GAP = 1, STATE = 9, NEST = 15, BAND_GAP = 11, BAND_LEAST = 27;
const LEAST = 50; // ns that are seen at the least
const FINEST = 2 ** 40; // parts of the whole, finer than which no time can be told from its neighbour
const MARK = 4; // pixels within which the pointer finds a mark

class View {
	constructor(trace, builder, elements, tell) {
		this.trace = trace;
		this.builder = builder;
		this.e = elements;
		this.tell = tell; // what the page does when the view, the pointer or the choice changes
		this.painter = new Painter(elements.canvas);
		this.map = new Painter(elements.whole);
		this.span = Math.max(trace.end, LEAST);
		this.least = Math.max(LEAST, this.span / FINEST);
		this.v0 = 0;
		this.v1 = this.span;
		this.goal = null;
		this.range = null; // [from, to] in ns
		this.hover = null;
		this.chosen = NONE;
		this.finder = null;
		this.frames = { count: 0, last: 0, total: 0 };
		this.lay();
	}

	/* ---- where the rows are ---- */

	lay() {
		this.bands = [];
		let y = AXIS + 8;
		const band = (kind, index, rows) => {
			const top = y;
			for (const row of rows) {
				row.y = y;
				y += row.high + LANE_GAP;
			}
			y = Math.max(y, top + BAND_LEAST); // room for its name
			this.bands.push({ kind, index, rows, y: top, high: y - top - LANE_GAP });
			y += BAND_GAP;
		};
		this.builder.cores.forEach((core, index) => band('core', index, [3, 2, 1, 0].map(level =>
			({ row: core.levels[level], high: LANE, level, names: true }))));
		this.order = this.builder.tasks.map((rows, index) => ({ rows, index }))
			.filter(({ rows }) => rows.events || rows.state.n)
			.sort((a, b) => this.rank(a) - this.rank(b) || a.index - b.index);
		for (const { rows, index } of this.order)
			band('task', index, [{ row: rows.state, high: STATE, names: false, marks: rows.marks },
				...rows.depths.map(row => ({ row, high: NEST, names: true }))]);
		this.height = y;
		this.e.height.style.height = `${y}px`;
	}

	/*
	 * Programs in the order of their first event, then the kernel's own threads of each core.
	 */
	rank({ rows, index }) {
		return this.trace.tasks[index].tid ? Math.min(rows.first, NONE - 1) : NONE;
	}

	resize() {
		const { lanes, whole } = this.e;
		this.width = lanes.clientWidth;
		this.tall = lanes.clientHeight;
		this.left = this.width < 600 ? 88 : 148;
		this.e.canvas.style.width = `${this.width}px`;
		this.e.canvas.style.height = `${this.tall}px`;
		this.e.height.style.minHeight = `${this.tall}px`;
		this.mapWidth = whole.clientWidth;
		this.mapTall = whole.clientHeight;
		this.drawMap();
		this.draw();
	}

	recolour() {
		this.painter.palette = this.map.palette = new Palette();
		this.drawMap();
		this.draw();
	}

	/* ---- which time is seen ---- */

	limited(v0, v1) {
		const size = Math.min(Math.max(v1 - v0, this.least), this.span);
		const from = Math.min(Math.max(v0, 0), this.span - size);
		return [from, from + size];
	}

	set(v0, v1) {
		this.goal = null;
		this.place(v0, v1);
	}

	place(v0, v1) {
		[this.v0, this.v1] = this.limited(v0, v1);
		this.draw();
		this.tell.moved();
	}

	/*
	 * Goes there in a few frames, so that the eye can follow; at once for who wants no
	 * motion.
	 */
	glide(v0, v1) {
		this.goal = this.limited(v0, v1);
		if (matchMedia('(prefers-reduced-motion: reduce)').matches)
			this.set(...this.goal);
		this.draw();
	}

	step() {
		if (!this.goal)
			return;
		const [g0, g1] = this.goal, near = (g1 - g0) / 800;
		if (Math.abs(g0 - this.v0) < near && Math.abs(g1 - this.v1) < near)
			this.set(g0, g1);
		else
			this.place(this.v0 + (g0 - this.v0) * 0.3, this.v1 + (g1 - this.v1) * 0.3);
	}

	zoom(factor, x, glide) {
		const [v0, v1] = this.goal || [this.v0, this.v1];
		const part = x === undefined ? 0.5 : this.part(x), at = v0 + (v1 - v0) * part;
		const size = Math.min(Math.max((v1 - v0) * factor, this.least), this.span);
		this[glide ? 'glide' : 'set'](at - size * part, at + size * (1 - part));
	}

	pan(part, glide) {
		const [v0, v1] = this.goal || [this.v0, this.v1], by = (v1 - v0) * part;
		this[glide ? 'glide' : 'set'](v0 + by, v1 + by);
	}

	part(x) { return Math.min(1, Math.max(0, (x - this.left) / (this.width - this.left))); }
	timeAt(x) { return this.v0 + (this.v1 - this.v0) * this.part(x); }
	x(time) { return this.left + (time - this.v0) / (this.v1 - this.v0) * (this.width - this.left); }

	/* Brings event i into the picture, with room on both sides, and its row too. */
	show(i) {
		const { trace } = this, start = trace.time(i), took = trace.took(i) || 0;
		const size = this.v1 - this.v0, pad = Math.max(took * 1.6, Math.min(size, 2e6), this.least);
		const seen = start >= this.v0 && start + took <= this.v1 && took > size / 40;
		if (!seen)
			this.glide(start + took / 2 - pad / 2, start + took / 2 + pad / 2);
		this.reveal(i);
	}

	/* Scrolls to the row of event i's task, if it is not seen. */
	reveal(i) {
		const band = this.bands.find(one => one.kind === 'task' && one.index === this.trace.task[i]);
		const { lanes } = this.e;
		if (band && (band.y < lanes.scrollTop + AXIS || band.y + band.high > lanes.scrollTop + this.tall))
			lanes.scrollTop = band.y - this.tall / 2;
	}

	choose(i) {
		this.chosen = i;
		this.draw();
	}

	select(range) {
		this.range = range;
		this.draw();
		this.tell.selected();
	}

	/* ---- what is under the pointer ---- */

	/* { i: the event, row, at: the interval's place in it, ... } or null. */
	hit(x, y) {
		const at = y + this.e.lanes.scrollTop;
		if (x < this.left || y < AXIS)
			return null;
		for (const band of this.bands)
			for (const one of band.rows)
				if (at >= one.y - 1 && at < one.y + one.high + 1)
					return this.hitMark(one, band, x) || this.hitRow(one, band, x);
		return null;
	}

	hitRow(one, band, x) {
		const { row } = one, time = this.timeAt(x), slack = (this.v1 - this.v0) / (this.width - this.left) * 3;
		let best = -1, last = Math.max(0, row.at(time + slack));
		for (let k = last; k >= 0 && k > last - 40 && k < row.n; k--) {
			const start = row.start(k), stop = row.stop(k);
			if (start <= time && stop >= time) {
				best = k;
				break;
			}
			if (stop >= time - slack && (best < 0 || stop - start > row.stop(best) - row.start(best)))
				best = k;
			if (stop < time - slack)
				break;
		}
		if (best < 0)
			return null;
		const moment = row.a[best], ref = row.ref[best];
		return { i: ref !== NONE ? ref : moment >= ENDS ? moment - ENDS : moment, crossing: ref !== NONE,
			row, at: best, band, one };
	}

	hitMark(one, band, x) {
		if (!one.marks || !one.marks.length)
			return null;
		const { trace } = this, marks = one.marks, time = this.timeAt(x);
		let low = 0, high = marks.length;
		while (low < high) {
			const mid = low + high >>> 1;
			if (trace.time(marks[mid]) < time)
				low = mid + 1;
			else
				high = mid;
		}
		for (const k of [low, low - 1])
			if (k >= 0 && k < marks.length && Math.abs(this.x(trace.time(marks[k])) - x) <= MARK)
				return { i: marks[k], crossing: true, band, one, mark: true };
		return null;
	}

	/* ---- drawing ---- */

	draw() {
		if (this.asked)
			return;
		this.asked = true;
		requestAnimationFrame(() => {
			this.asked = false;
			this.step();
			this.frame();
		});
	}

	frame() {
		const start = performance.now(), { painter } = this, scroll = this.e.lanes.scrollTop;
		const ticks = this.ticks();
		painter.begin(this.width, this.tall, this.left, ticks.map(time => this.x(time)));
		for (const band of this.bands) {
			if (band.y + band.high < scroll || band.y > scroll + this.tall)
				continue;
			for (const one of band.rows)
				painter.row(one.row, this.v0, this.v1, one.y - scroll, one.high, one.names);
		}
		const context = painter.show();
		this.write(context, scroll);
		this.axis(context, ticks);
		this.e.window.style.left = `${this.v0 / this.span * 100}%`;
		this.e.window.style.width = `${(this.v1 - this.v0) / this.span * 100}%`;
		const { frames } = this;
		frames.last = performance.now() - start;
		frames.total += frames.last;
		frames.count++;
	}

	/* All text, and what is marked. */
	write(c, scroll) {
		const { text } = this.painter.palette;
		c.textBaseline = 'middle';
		this.marks(c, scroll);
		c.font = '11px "DejaVu Sans Mono", ui-monospace, monospace';
		for (const { row, i, x, y, w } of this.painter.texts) {
			c.fillStyle = this.painter.palette.ink[row.cls[i]];
			c.fillText(cut(this.label(row, i, w), Math.floor((w - 8) / 6.63)), x + 5, y + 0.5);
		}
		this.outline(c, this.hover, text.text, scroll);
		this.chosenOutline(c, text.accent, scroll);
		if (this.range)
			this.shade(c, text);
		c.fillStyle = text.ground;
		c.fillRect(0, 0, this.left - 8, this.tall);
		for (const band of this.bands)
			this.name(c, band, band.y - scroll, text);
	}

	/* What stands in an interval of this width; how long only where it is one piece. */
	label(row, i, w) {
		const { trace } = this, ref = row.ref[i], whole = row.nests && row.a[i] === ref && row.b[i] === trace.mate[ref];
		if (ref === NONE)
			return row.cls[i] === C.idle ? 'idle' : this.whose(row.a[i], row.cls[i]);
		const name = trace.names[trace.name[ref]].name, took = trace.took(ref);
		return whole && w > 160 && took >= 0 ? `${name}  ${duration(took)}` : name;
	}

	/* The task that runs from this moment on. */
	whose(moment) {
		const { trace } = this, i = moment >= ENDS ? moment - ENDS : moment;
		const sched = trace.kind(i) === 'sched' && trace.role(i) === SINGLE && trace.mate[i] !== NONE;
		return trace.tasks[sched ? trace.mate[i] : trace.task[i]].comm;
	}

	name(c, band, y, text) {
		if (y > this.tall || y + band.high < 0)
			return;
		c.textAlign = 'left';
		c.fillStyle = text.text;
		c.font = '600 12px Inter, "Segoe UI", "Helvetica Neue", Arial, sans-serif';
		if (band.kind === 'core') {
			c.fillText(`Core ${this.trace.about.core_ids[band.index]}`, 12, y + LANE / 2);
			c.font = '600 10px Inter, "Segoe UI", "Helvetica Neue", Arial, sans-serif';
			c.textAlign = 'right';
			for (const one of band.rows) {
				c.fillStyle = text['el' + one.level];
				c.fillText('EL' + one.level, this.left - 14, one.y - band.y + y + LANE / 2 + 0.5);
			}
			c.textAlign = 'left';
			return;
		}
		const { comm, tid } = this.trace.tasks[band.index], room = Math.floor((this.left - 20) / 7);
		c.fillText(cut(comm, room), 12, y + 5);
		c.font = '11px Inter, "Segoe UI", "Helvetica Neue", Arial, sans-serif';
		c.fillStyle = text.quiet;
		if (band.high > 22 && comm !== `task ${tid}`)
			c.fillText(tid ? `task ${tid}` : 'kernel', 12, y + 20);
	}

	/* Signals, wake-ups, forks: a stroke through the state's row, at most one a pixel. */
	marks(c, scroll) {
		const { trace } = this;
		c.fillStyle = this.painter.palette.text.text;
		for (const band of this.bands) {
			const [one] = band.rows, y = one.y - scroll;
			if (!one.marks || !one.marks.length || y > this.tall || y + one.high < 0)
				continue;
			let drawn = -2;
			for (let k = this.firstOf(one.marks, this.v0); k < one.marks.length; ) {
				const x = this.x(trace.time(one.marks[k]));
				if (x > this.width)
					break;
				if (x - drawn >= 2) {
					c.fillRect(x - 0.5, y - 1, 1, one.high + 2);
					drawn = x;
					k++;
				} else {
					k = Math.max(k + 1, this.firstOf(one.marks, this.timeAt(drawn + 2)));
				}
			}
		}
	}

	/* The first of these events that is not before this time. */
	firstOf(events, time, n = events.length) {
		let low = 0, high = n;
		while (low < high) {
			const mid = low + high >>> 1;
			if (this.trace.time(events[mid]) < time)
				low = mid + 1;
			else
				high = mid;
		}
		return low;
	}

	outline(c, hit, colour, scroll) {
		if (!hit || hit.mark || !hit.row)
			return;
		const { row, at, one } = hit, { trace } = this, whole = row.nests ? trace.took(row.ref[at]) : NaN;
		const start = row.nests ? trace.time(row.ref[at]) : row.start(at);
		const x0 = Math.max(this.left, this.x(start));
		const x1 = Math.min(this.width, this.x(whole >= 0 ? start + whole : row.stop(at)));
		c.strokeStyle = colour;
		c.lineWidth = 1.5;
		c.strokeRect(x0 - 0.5, one.y - scroll - 0.5, Math.max(3, x1 - x0), one.high + 1);
	}

	chosenOutline(c, colour, scroll) {
		if (this.chosen === NONE)
			return;
		const { trace } = this, i = trace.role(this.chosen) === END && trace.mate[this.chosen] !== NONE
			? trace.mate[this.chosen] : this.chosen;
		const x = this.x(trace.time(i));
		if (x >= this.left && x <= this.width) {
			c.fillStyle = colour;
			c.globalAlpha = 0.5;
			c.fillRect(x - 0.5, AXIS, 1, this.tall);
			c.globalAlpha = 1;
		}
		for (const band of this.bands)
			if (band.kind === 'task' && band.index === trace.task[i])
				for (const one of band.rows) {
					const at = one.row.at(trace.time(i));
					for (let k = at; k >= 0 && k > at - 4; k--)
						if (one.row.ref[k] === i)
							this.outline(c, { row: one.row, at: k, one }, colour, scroll);
				}
	}

	shade(c, text) {
		const x0 = Math.max(this.left, this.x(this.range[0])), x1 = Math.min(this.width, this.x(this.range[1]));
		if (x1 < x0)
			return;
		c.fillStyle = text.shade;
		c.fillRect(x0, AXIS, x1 - x0, this.tall);
		c.fillStyle = text.accent;
		c.fillRect(x0, AXIS, 1, this.tall);
		c.fillRect(x1 - 1, AXIS, 1, this.tall);
	}

	/* Round times, as many as have room for their names. */
	ticks() {
		const room = Math.max(1, (this.width - this.left) / 110), raw = (this.v1 - this.v0) / room;
		const power = 10 ** Math.floor(Math.log10(raw));
		this.every = [1, 2, 5, 10].map(f => f * power).find(size => size >= raw);
		const times = [];
		for (let k = Math.ceil(this.v0 / this.every); k * this.every <= this.v1; k++)
			times.push(k * this.every);
		return times;
	}

	/* The scale: a stroke at round times, and where something was found. */
	axis(c, ticks) {
		const { text } = this.painter.palette;
		c.fillStyle = text.ground;
		c.fillRect(0, 0, this.width, AXIS);
		c.font = '11px Inter, "Segoe UI", "Helvetica Neue", Arial, sans-serif';
		c.textBaseline = 'middle';
		for (const time of ticks) {
			const x = Math.round(this.x(time));
			c.fillStyle = text.line;
			c.fillRect(x, AXIS - 6, 1, 6);
			c.fillStyle = text.quiet;
			if (x < this.width - 50)
				c.fillText(moment(time, this.every), x + 4, AXIS / 2 - 1);
		}
		c.fillStyle = text.line;
		c.fillRect(0, AXIS - 1, this.width, 1);
		if (this.range)
			this.rangeName(c, text);
		this.finds(c, this.left, this.width, this.v0, this.v1, AXIS - 5, 5, text.find);
	}

	rangeName(c, text) {
		const x0 = Math.max(this.left, this.x(this.range[0])), x1 = Math.min(this.width, this.x(this.range[1]));
		if (x1 < x0)
			return;
		const says = duration(this.range[1] - this.range[0]), wide = c.measureText(says).width + 14;
		const x = Math.min(this.width - wide, Math.max(this.left, (x0 + x1 - wide) / 2));
		c.fillStyle = text.accent;
		c.fillRect(x0, AXIS - 3, x1 - x0, 3);
		c.fillRect(x, 4, wide, AXIS - 8);
		c.fillStyle = text.ground;
		c.fillText(says, x + 7, AXIS / 2);
	}

	/* Finds as strokes between these two x, at most one a pixel. */
	finds(c, left, right, v0, v1, y, high, colour) {
		if (!this.finder || !this.finder.count)
			return;
		const { items, n } = this.finder.found, rate = (v1 - v0) / (right - left);
		c.fillStyle = colour;
		for (let k = this.firstOf(items, v0, n), x = left; k < n; ) {
			x = Math.floor(left + (this.trace.time(items[k]) - v0) / rate);
			if (x > right)
				break;
			c.fillRect(x, y, 1.5, high);
			k = Math.max(k + 1, this.firstOf(items, v0 + (x + 1 - left) * rate, n));
		}
	}

	/* The whole trace, small: what the cores did. */
	drawMap() {
		const { map } = this, cores = this.builder.cores, high = (this.mapTall - 6) / cores.length;
		map.begin(this.mapWidth, this.mapTall, 0);
		cores.forEach(({ levels }, k) => map.stack([levels[3], levels[2], levels[1], levels[0]], 0, this.span,
			3 + k * high, Math.max(2, high - 1)));
		const c = map.show();
		this.finds(c, 0, this.mapWidth, 0, this.span, 0, 5, map.palette.text.find);
	}
}

/* A time since the first event, as exact as steps of `every` ns ask for. */
function moment(ns, every) {
	const [unit, size] = [['s', 1e9], ['ms', 1e6], ['µs', 1e3], ['ns', 1]].find(([, one]) =>
		ns >= one || one === 1 || every >= one);
	const digits = Math.max(0, Math.ceil(Math.log10(size / every) - 1e-9));
	return ns ? (ns / size).toFixed(Math.min(9, digits)) + ' ' + unit : '0';
}
