/*
 * page.js - opens the trace that is in the page and joins pointer, keys, search and panel to it.
 *
 * The page asks nothing of anywhere: its policy forbids each request.  For who drives it from
 * outside (a test, a console) window.newel says what it holds.
 */

const STEP = 0.18; // of what is seen: one press of an arrow
const ZOOM = 1.5; // one press of + or -
const KEYS = [
	['← → or A D', 'move'], ['↑ ↓', 'scroll through the tracks'],
	['+ − or W S', 'zoom; so do the wheel and two fingers'],
	['0', 'the whole trace'], ['F', 'what is selected, or the chosen event'],
	['Shift + drag', 'select a range; so does dragging the scale'],
	['. ,', 'next and previous event of the task'], ['/', 'search'], ['N, Shift + N', 'next and previous find'],
	['T', 'light, dark, or as the system'], ['Esc', 'give up selection, event and search'], ['?', 'this list'],
];
const LEGEND = [['user', 'EL0 program'], ['svc', 'EL1 call'], ['fault', 'fault'], ['irq', 'interrupt'],
	['kernel', 'kernel, other'], ['idle', 'idle'], ['guest', 'a guest'], ['el2', 'EL2'], ['el3', 'EL3'], ['off', 'call that waits'],
	['ready', 'waits for a core'], ['sleep', 'sleeps']];

const element = id => document.getElementById(id);

class Page {
	constructor(about) {
		this.about = about;
		this.trace = new Trace(about);
		this.head();
		this.theme(0);
	}

	/* What can be said before anything is unpacked. */
	head() {
		const { about } = this;
		document.title = `${about.title} – Newel`;
		element('title').textContent = about.title;
		element('about').textContent = about.facts.join('  ·  ');
		element('lost').hidden = !about.lost.length;
		element('lost').textContent = about.lost.join('  ·  ');
		element('legend').append(...LEGEND.map(([cls, says]) => make('li', {}, swatch(cls), says)));
		element('hint').append('Drag to move, wheel to zoom, ', make('kbd', {}, '?'), ' for keys');
		element('help-keys').append(...KEYS.flatMap(([key, says]) =>
			[make('dt', {}, make('kbd', {}, key)), make('dd', {}, says)]));
	}

	async open() {
		const bar = element('opening'), progress = part => {
			bar.firstElementChild.style.width = `${100 * part}%`;
			bar.setAttribute('aria-valuenow', Math.round(100 * part));
		};
		await this.trace.load();
		progress(0.3);
		await pause();
		this.builder = new Builder(this.trace);
		await this.builder.run(part => progress(0.3 + 0.7 * part));
		this.finder = new Finder(this.trace);
		this.view = new View(this.trace, this.builder, {
			canvas: element('canvas'), whole: element('whole'), lanes: element('lanes'), height: element('height'),
			window: element('window'),
		}, { moved: () => this.panel && this.panel.moved(), selected: () => this.panel.selected() });
		this.view.finder = this.finder;
		this.panel = new Panel(this.trace, this.view, {
			tabs: element('tabs'), scope: element('scope'), says: element('scope-says'),
		}, { go: i => this.go(i), find: text => this.find(text), beside: by => this.beside(by),
			fit: i => this.fit(i) });
		this.listen();
		this.view.resize();
		this.view.frame();
		bar.remove();
		this.opened = performance.now();
		await this.panel.count('all');
	}

	/* ---- what follows from pointer and keys ---- */

	listen() {
		const { view } = this, lanes = element('lanes');
		new ResizeObserver(() => view.resize()).observe(lanes);
		lanes.addEventListener('scroll', () => { view.draw(); this.unhover(); });
		lanes.addEventListener('wheel', event => this.wheel(event), { passive: false });
		this.pointers = new Map();
		lanes.addEventListener('pointerdown', event => this.down(event));
		lanes.addEventListener('pointermove', event => this.move(event));
		for (const type of ['pointerup', 'pointercancel'])
			lanes.addEventListener(type, event => this.up(event));
		lanes.addEventListener('pointerleave', () => this.unhover());
		lanes.addEventListener('dblclick', event => {
			const hit = view.hit(...this.place(event));
			if (hit)
				this.fit(hit.i);
		});
		this.listenMap();
		this.listenSearch();
		document.addEventListener('keydown', event => this.key(event));
		element('theme').addEventListener('click', () => this.theme(1));
		element('keys').addEventListener('click', () => element('help').showModal());
		matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => view.recolour());
	}

	place(event) {
		const box = element('lanes').getBoundingClientRect();
		return [event.clientX - box.left - 1, event.clientY - box.top - 1];
	}

	wheel(event) {
		const { view } = this, size = event.deltaMode ? 16 : 1;
		const dx = event.deltaX * size, dy = event.deltaY * size;
		if (event.shiftKey && !dx) {
			element('lanes').scrollTop += dy;
		} else if (Math.abs(dx) > Math.abs(dy)) {
			view.pan(dx / (view.width - view.left));
		} else {
			view.zoom(1.0025 ** Math.max(-240, Math.min(240, event.ctrlKey ? dy * 4 : dy)), this.place(event)[0]);
		}
		event.preventDefault();
	}

	down(event) {
		if (event.button)
			return;
		const [x, y] = this.place(event), { view } = this, lanes = element('lanes');
		if (x >= lanes.clientWidth) // the scroll bar
			return;
		lanes.setPointerCapture(event.pointerId);
		this.pointers.set(event.pointerId, [x, y]);
		if (this.pointers.size === 2) {
			this.drag = null;
			this.pinch();
		} else {
			this.drag = { x, y, v0: view.v0, v1: view.v1, scroll: lanes.scrollTop, far: false,
				select: event.shiftKey || y < AXIS ? view.timeAt(x) : null };
		}
		this.unhover();
	}

	/* Two fingers: the times under them stay under them. */
	pinch() {
		const [[a], [b]] = [...this.pointers.values()], { view } = this;
		this.pinched = { a: view.timeAt(a), b: view.timeAt(b) };
	}

	move(event) {
		const [x, y] = this.place(event), { view, drag } = this;
		if (!this.pointers.has(event.pointerId))
			return this.hoverAt(x, y, event);
		this.pointers.set(event.pointerId, [x, y]);
		if (this.pointers.size === 2)
			return this.spread();
		if (!drag)
			return undefined;
		if (!drag.far && Math.hypot(x - drag.x, y - drag.y) < 4)
			return undefined;
		drag.far = true;
		if (drag.select !== null) {
			const at = view.timeAt(x);
			view.range = [Math.min(at, drag.select), Math.max(at, drag.select)];
			return view.draw();
		}
		const by = (drag.x - x) / (view.width - view.left) * (drag.v1 - drag.v0);
		element('lanes').scrollTop = drag.scroll + drag.y - y;
		return view.set(drag.v0 + by, drag.v1 + by);
	}

	spread() {
		const [[a], [b]] = [...this.pointers.values()], { view, pinched } = this;
		if (Math.abs(a - b) < 12 || pinched.a === pinched.b)
			return;
		const rate = (pinched.b - pinched.a) / (b - a);
		if (rate > 0)
			view.set(pinched.a - (a - view.left) * rate, pinched.a + (view.width - a) * rate);
	}

	up(event) {
		const { drag, view } = this;
		this.pointers.delete(event.pointerId);
		this.drag = null;
		if (!drag)
			return;
		if (drag.select !== null && drag.far) {
			view.select(view.range);
		} else if (!drag.far && event.type === 'pointerup') {
			const hit = view.hit(drag.x, drag.y);
			if (hit)
				this.choose(hit.i);
		}
	}

	async hoverAt(x, y, event) {
		const { view, trace } = this, hit = view.hit(x, y), tip = element('tip');
		element('lanes').style.cursor = hit ? 'pointer' : y < AXIS ? 'col-resize' : 'default';
		if (!hit)
			return this.unhover();
		const key = `${hit.i} ${hit.at} ${hit.one.y}`;
		if (this.hovered !== key) {
			this.hovered = key;
			view.hover = hit;
			view.draw();
			const content = hit.crossing ? await this.told(hit) : this.stay(hit);
			if (this.hovered !== key)
				return undefined;
			tip.replaceChildren(...content);
		}
		tip.hidden = false;
		const { width, height } = tip.getBoundingClientRect();
		tip.style.left = `${Math.max(8, Math.min(innerWidth - width - 8, event.clientX + 14))}px`;
		tip.style.top = `${event.clientY + 18 + height > innerHeight ? Math.max(8, event.clientY - height - 12)
			: event.clientY + 18}px`;
		return trace;
	}

	/* A crossing, or a mark, for the tip. */
	async told({ i }) {
		const one = await describe(this.trace, this.builder, i);
		const { trace } = this, where = one.crossing ? `EL${trace.from(i)} → EL${trace.to(i)}, ` : '';
		return [make('div', {}, swatch(one.cls), ' ', make('b', {}, one.title),
			one.took >= 0 ? `  ${duration(one.took, 4)}` : ''),
			make('div', {}, where + one.where),
			...one.facts.filter(([key]) => ['Within', 'ESR', 'ELR', 'FAR'].includes(key))
				.map(([key, value]) => make('div', {}, `${key}: ${value}`)),
			...one.lines.map(line => make('div', { className: 'line mono' }, line))];
	}

	/* Time at one level that is no crossing's: a program's own, a task's state. */
	stay({ row, at, band, i }) {
		const { trace, view } = this, cls = CLASSES[row.cls[at]];
		const task = band.kind === 'task' ? trace.tasks[band.index] : null;
		const comm = task ? task.comm : cls === 'idle' ? `core ${trace.about.core_ids[band.index]}`
			: view.whose(row.a[at]);
		const says = { user: 'at EL0', kernel: 'in the kernel', idle: 'idle', ready: 'waits for a core',
			sleep: 'sleeps' }[cls] || cls;
		const core = band.kind === 'task' ? `from core ${coreOf(trace, i)}`
			: `core ${trace.about.core_ids[band.index]}`;
		return [make('div', {}, swatch(cls), ' ', make('b', {}, `${comm} ${says}`),
			`  ${duration(row.stop(at) - row.start(at), 4)}`), make('div', {}, core)];
	}

	unhover() {
		this.hovered = null;
		element('tip').hidden = true;
		if (this.view.hover) {
			this.view.hover = null;
			this.view.draw();
		}
	}

	/* ---- events ---- */

	choose(i) {
		this.view.choose(i);
		this.panel.open('event');
		this.panel.event(i).then(() => {
			const what = called(this.trace.names[this.trace.name[i]]);
			element('says').textContent = `${what}, ${duration(this.trace.took(crossingAt(this.trace, i)))}`;
		});
	}

	go(i) {
		this.view.show(crossingAt(this.trace, i));
		this.choose(i);
	}

	fit(i) {
		const { trace, view } = this, at = crossingAt(trace, i), took = trace.took(at) || 1000;
		view.glide(trace.time(at) - took * 0.15, trace.time(at) + took * 1.15);
		view.reveal(at);
		this.choose(i);
	}

	/* The next (or the previous) event of the same task; ends of crossings are passed over. */
	beside(by) {
		const { trace, view } = this;
		let i = view.chosen === NONE ? trace.first(view.v0) - (by > 0 ? 1 : 0) : crossingAt(trace, view.chosen);
		const task = view.chosen === NONE ? -1 : trace.task[i];
		do
			i += by;
		while (i >= 0 && i < trace.n && (trace.role(i) === END || task >= 0 && trace.task[i] !== task));
		if (i >= 0 && i < trace.n)
			this.go(i);
	}

	/* ---- the search ---- */

	listenSearch() {
		const box = element('find');
		box.addEventListener('input', () => {
			clearTimeout(this.typing);
			this.typing = setTimeout(() => this.search(box.value), 120);
		});
		element('search').addEventListener('submit', event => {
			event.preventDefault();
			if (box.value.trim().toLowerCase() !== this.finder.text)
				this.search(box.value).then(() => this.nextFind(true));
			else
				this.nextFind(true);
		});
		element('find-back').addEventListener('click', () => this.nextFind(false));
		box.addEventListener('keydown', event => {
			if (event.key === 'Escape') {
				this.find('');
				element('lanes').focus();
			} else if (event.key === 'Enter' && event.shiftKey) {
				event.preventDefault();
				this.nextFind(false);
			} else {
				return;
			}
			event.stopPropagation();
		});
	}

	find(text) {
		element('find').value = text;
		return this.search(text);
	}

	search(text) {
		clearTimeout(this.typing);
		this.found = -1;
		return this.finder.run(text.trim(), () => {
			this.sayFound();
			this.view.drawMap();
			this.view.draw();
		});
	}

	sayFound() {
		const { finder } = this, count = finder.count.toLocaleString('en') + (finder.done ? '' : '…');
		element('found').textContent = !finder.text ? '' : this.found >= 0
			? `${(this.found + 1).toLocaleString('en')} of ${count}` : count;
	}

	nextFind(forward) {
		const { finder, view, trace } = this;
		const from = view.chosen !== NONE ? view.chosen : forward ? trace.first(view.v0) - 1 : trace.first(view.v1);
		const at = finder.next(from, forward);
		if (at < 0)
			return;
		this.found = at;
		this.go(finder.found.items[at]);
		this.sayFound();
	}

	/* ---- the small picture of all ---- */

	listenMap() {
		const map = element('overview'), { view } = this;
		const to = event => {
			const box = map.getBoundingClientRect(), at = (event.clientX - box.left) / box.width * view.span;
			const half = (view.v1 - view.v0) / 2;
			view.set(at - half, at + half);
		};
		map.addEventListener('pointerdown', event => {
			map.setPointerCapture(event.pointerId);
			this.mapping = true;
			to(event);
		});
		map.addEventListener('pointermove', event => this.mapping && to(event));
		for (const type of ['pointerup', 'pointercancel'])
			map.addEventListener(type, () => { this.mapping = false; });
		map.addEventListener('wheel', event => {
			view.zoom(1.0025 ** Math.max(-240, Math.min(240, event.deltaY)));
			event.preventDefault();
		}, { passive: false });
	}

	/* ---- keys ---- */

	key(event) {
		if (event.ctrlKey || event.altKey || event.metaKey || element('help').open ||
				/^(INPUT|TEXTAREA)$/.test(event.target.tagName))
			return;
		const { view } = this, lanes = element('lanes');
		const act = {
			ArrowLeft: () => view.pan(-STEP, true), ArrowRight: () => view.pan(STEP, true),
			a: () => view.pan(-STEP, true), d: () => view.pan(STEP, true),
			w: () => view.zoom(1 / ZOOM, undefined, true), s: () => view.zoom(ZOOM, undefined, true),
			'+': () => view.zoom(1 / ZOOM, undefined, true), '=': () => view.zoom(1 / ZOOM, undefined, true),
			'-': () => view.zoom(ZOOM, undefined, true), 0: () => view.glide(0, view.span),
			ArrowUp: () => { lanes.scrollTop -= 48; }, ArrowDown: () => { lanes.scrollTop += 48; },
			f: () => this.fitChosen(), n: () => this.nextFind(!event.shiftKey),
			'.': () => this.beside(1), ',': () => this.beside(-1), t: () => this.theme(1),
			'/': () => element('find').focus(), '?': () => element('help').showModal(), Escape: () => this.giveUp(),
		}[event.key.length === 1 ? event.key.toLowerCase() : event.key];
		if (!act)
			return;
		act();
		event.preventDefault();
	}

	fitChosen() {
		const { view } = this;
		if (view.range)
			view.glide(...view.range);
		else if (view.chosen !== NONE)
			this.fit(view.chosen);
	}

	giveUp() {
		const { view } = this;
		view.choose(NONE);
		this.panel.event(NONE);
		if (view.range)
			view.select(null);
		if (this.finder.text)
			this.find('');
	}

	/* As the system says, light, dark: the next one of them. */
	theme(by) {
		this.themed = ((this.themed || 0) + by) % 3;
		const name = ['as the system', 'light', 'dark'][this.themed];
		document.documentElement.style.colorScheme = this.themed ? name : '';
		element('theme').setAttribute('aria-label', `Theme: ${name}`);
		if (this.view)
			this.view.recolour();
	}
}

/* For who looks from outside; nothing here changes anything. */
function outside(page) {
	const { view, trace, finder } = page;
	return {
		events: trace.n, opened: page.opened,
		view: () => ({ from: view.v0, to: view.v1, span: view.span, moving: !!view.goal, range: view.range }),
		rows: () => view.bands.flatMap(band => band.rows.map(one => ({ kind: band.kind, index: band.index,
			level: one.level, n: one.row.n, y: one.y - element('lanes').scrollTop, high: one.high }))),
		x: i => view.x(trace.time(i)),
		chosen: () => view.chosen === NONE ? null : view.chosen,
		figures: () => page.panel.answer,
		found: () => ({ count: finder.count, done: finder.done, at: page.found }),
		frames: () => ({ ...view.frames }),
		drawn: () => view.painter.filled,
		pixel: (x, y) => view.painter.at(x, y),
	};
}

const page = new Page(JSON.parse(element('data').textContent));
window.newelOpened = page.open().then(() => {
	window.newel = Object.freeze(outside(page));
});
