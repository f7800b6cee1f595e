/*
 * panel.js - beside the time line: the chosen event in full, and the figures.  Whatever comes
 * from the trace becomes text of a node, never markup.
 */

const TABS = ['event', 'calls', 'crossings', 'longest'];
const COLUMNS = [['name', ''], ['count', 'count'], ['min', 'min'], ['median', 'median'], ['p99', 'p99'],
	['max', 'max'], ['total', 'total']];

const EXTRA = ['min', 'total']; // columns that a narrow screen has no room for
const LEVEL_KINDS = ['hvc', 'smc', 'el2', 'el3']; // their names alone do not say which they are

function make(tag, what = {}, ...children) {
	const node = document.createElement(tag);
	for (const [key, value] of Object.entries(what))
		if (key in node)
			node[key] = value;
		else
			node.setAttribute(key, value);
	node.append(...children.filter(child => child !== null));
	return node;
}

function swatch(cls) {
	const node = make('span', { className: 'swatch' });
	node.style.background = `var(--c-${cls})`;
	return node;
}

/* A class for the kind of a crossing, where there is no event to ask. */
function kindClass(kind) {
	return { hvc: 'el2', smc: 'el3', el2: 'el2', el3: 'el3' }[kind] || (kind in C ? kind : 'kernel');
}

function bars({ counts }) {
	const space = 'http://www.w3.org/2000/svg', most = Math.max(1, ...counts), n = Math.max(8, counts.length);
	const svg = document.createElementNS(space, 'svg');
	svg.setAttribute('class', 'histogram');
	svg.setAttribute('viewBox', `0 0 ${n} 10`);
	svg.setAttribute('preserveAspectRatio', 'none');
	svg.setAttribute('aria-hidden', 'true');
	counts.forEach((count, k) => {
		if (!count)
			return;
		const bar = document.createElementNS(space, 'rect'), high = Math.max(0.8, 10 * count / most);
		for (const [name, value] of [['x', k], ['y', 10 - high], ['width', 0.8], ['height', high]])
			bar.setAttribute(name, value);
		svg.append(bar);
	});
	return svg;
}

function bins({ base, counts }) {
	return counts.map((count, k) => `${duration(k + base ? 2 ** (k + base) : 0)}: ${count}`).join('\n');
}

class Panel {
	constructor(trace, view, elements, act) {
		this.trace = trace;
		this.view = view;
		this.e = elements;
		this.act = act; // what a click asks of the page: go(i), find(text)
		this.figures = new Figures(trace);
		this.scope = 'all';
		this.sort = { calls: 'total', crossings: 'count' };
		this.kind = '';
		this.answer = null;
		this.shown = 'calls';
		for (const tab of TABS)
			this.tab(tab).addEventListener('click', () => this.open(tab));
		elements.tabs.addEventListener('keydown', event => this.walk(event));
		for (const scope of ['all', 'view', 'range'])
			document.getElementById('scope-' + scope).addEventListener('click', () => this.count(scope));
		this.open('calls');
		this.event(NONE);
	}

	tab(name) { return document.getElementById('tab-' + name); }
	page(name) { return document.getElementById('page-' + name); }

	open(name) {
		this.shown = name;
		for (const tab of TABS) {
			this.tab(tab).setAttribute('aria-selected', tab === name);
			this.tab(tab).tabIndex = tab === name ? 0 : -1;
			this.page(tab).hidden = tab !== name;
		}
		this.e.scope.hidden = name === 'event';
	}

	walk(event) {
		const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		if (!by)
			return;
		this.open(TABS[(TABS.indexOf(this.shown) + by + TABS.length) % TABS.length]);
		this.tab(this.shown).focus();
		event.preventDefault();
		event.stopPropagation();
	}

	/* ---- the figures ---- */

	moved() {
		if (this.scope !== 'view')
			return;
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.count('view'), 120);
	}

	selected() {
		const range = document.getElementById('scope-range');
		range.disabled = !this.view.range;
		this.count(this.view.range ? 'range' : this.scope === 'range' ? 'all' : this.scope);
	}

	async count(scope) {
		this.scope = scope;
		for (const one of ['all', 'view', 'range'])
			document.getElementById('scope-' + one).setAttribute('aria-pressed', one === scope);
		const { trace, view } = this;
		const [from, to] = scope === 'view' ? [view.v0, view.v1] : scope === 'range' ? view.range : [0, Infinity];
		const first = scope === 'all' ? 0 : trace.first(from);
		const last = scope === 'all' ? trace.n : trace.first(Math.floor(to) + 1);
		const answer = await this.figures.of(first, Math.max(first, last));
		if (!answer)
			return;
		this.answer = answer;
		this.e.says.textContent = `${(answer.last - answer.first).toLocaleString('en')} events`;
		this.table('calls');
		this.table('crossings');
		this.longest();
	}

	table(which) {
		const rows = [...this.answer[which]], by = this.sort[which], page = this.page(which);
		rows.sort((a, b) => by === 'name' ? a.name.localeCompare(b.name)
			: (b[by] || 0) - (a[by] || 0) || a.name.localeCompare(b.name));
		if (!rows.length)
			return page.replaceChildren(make('p', { className: 'empty' }, 'No crossing begins here.'));
		const columns = COLUMNS.filter(([key]) => key !== 'total' || which === 'calls');
		const heads = columns.map(([key, says]) => {
			const label = key === 'name' ? which === 'calls' ? 'Call' : 'Crossing' : says;
			const button = make('button', { type: 'button' }, label + (key === by ? ' ↓' : ''));
			button.addEventListener('click', () => { this.sort[which] = key; this.table(which); });
			const head = make('th', { scope: 'col', className: EXTRA.includes(key) ? 'extra' : '' }, button);
			if (key === by)
				head.setAttribute('aria-sort', key === 'name' ? 'ascending' : 'descending');
			return head;
		});
		heads.push(make('th', { scope: 'col' }, make('span', { className: 'unseen' }, 'histogram')));
		const body = rows.map(row => this.line(row, columns, which));
		return page.replaceChildren(make('table', {}, make('thead', {}, make('tr', {}, ...heads)),
			make('tbody', {}, ...body)));
	}

	line(row, columns, which) {
		const name = make('button', { type: 'button', title: `${called(row)}: search for it` },
			which === 'crossings' || !LEVEL_KINDS.includes(row.kind) ? null : make('small', {}, `${row.kind} `), row.name);
		name.addEventListener('click', () => this.act.find(which === 'calls' ? called(row) : row.kind));
		const cells = columns.map(([key]) => key === 'name'
			? make('td', {}, swatch(kindClass(row.kind)), name)
			: make('td', { className: EXTRA.includes(key) ? 'extra' : '' },
				key === 'count' ? row.count.toLocaleString('en') : duration(row[key])));
		return make('tr', {}, ...cells, make('td', { title: bins(row.histogram) }, bars(row.histogram)));
	}

	longest() {
		const { trace, answer } = this, page = this.page('longest');
		const kinds = ['', ...trace.about.kinds.filter(kind => answer.longest[kind])];
		if (!kinds.includes(this.kind))
			this.kind = '';
		const choice = kinds.map(kind => {
			const button = make('button', { type: 'button', 'aria-pressed': String(kind === this.kind) }, kind || 'all');
			button.addEventListener('click', () => { this.kind = kind; this.longest(); });
			return button;
		});
		const items = answer.longest[this.kind] || [];
		const list = items.map(({ i, ns }, k) => {
			const what = trace.names[trace.name[i]], task = trace.tasks[trace.task[i]];
			const bar = make('span', { className: 'bar' });
			bar.style.background = `var(--c-${CLASSES[classOf(trace.to(i), what.kind)]})`;
			bar.style.width = `${Math.max(1, 100 * ns / items[0].ns)}%`;
			const button = make('button', { type: 'button', className: 'jump' }, make('small', {}, `${k + 1}`),
				make('span', {}, `${called(what)} `, make('small', {}, `${task.comm} (${task.tid}), core ${coreOf(trace, i)}`)),
				make('span', {}, duration(ns)), bar);
			button.addEventListener('click', () => this.act.go(i));
			return make('li', {}, button);
		});
		page.replaceChildren(make('div', { id: 'kinds', role: 'group', 'aria-label': 'Kind' }, ...choice),
			list.length ? make('ol', { className: 'longest' }, ...list)
				: make('p', { className: 'empty' }, 'No crossing begins here.'));
	}

	/* ---- one event ---- */

	async event(i) {
		const page = this.page('event'), { trace } = this;
		this.about = i;
		if (i === NONE) {
			page.replaceChildren(make('p', { className: 'empty' }, 'Click on an event to see all of it.'));
			return;
		}
		const one = await describe(trace, this.view.builder, i);
		if (this.about !== i)
			return;
		const facts = one.facts.flatMap(([key, value, code]) => [make('dt', {}, key),
			make('dd', code ? { className: 'mono' } : {}, value)]);
		const button = (says, act) => {
			const node = make('button', { type: 'button' }, says);
			node.addEventListener('click', act);
			return node;
		};
		page.replaceChildren(make('div', { className: 'event' },
			make('h2', {}, swatch(one.cls), one.title), make('p', { className: 'where' }, one.where),
			make('dl', {}, ...facts), ...one.lines.map(line => make('pre', {}, line)),
			make('div', { className: 'row' }, button('‹ Before', () => this.act.beside(-1)),
				button('Next ›', () => this.act.beside(1)), button('Zoom to it', () => this.act.fit(i)))));
	}
}

/* The crossing that event i belongs to: an end belongs to its beginning. */
function crossingAt(trace, i) {
	return trace.role(i) === END && trace.mate[i] !== NONE ? trace.mate[i] : i;
}

/* The crossings that event i is within, outermost first. */
function around(trace, builder, i) {
	const found = [];
	for (const row of builder.tasks[trace.task[i]].depths) {
		const at = row.at(trace.time(i));
		if (at < 0 || row.ref[at] >= i || row.stop(at) < trace.time(i))
			break;
		found.push(row.ref[at]);
	}
	return found;
}

/* An event in words: { title, cls, where, facts: [name, text, is it code], lines }. */
async function describe(trace, builder, event) {
	const i = crossingAt(trace, event), what = trace.names[trace.name[i]];
	const task = trace.tasks[trace.task[i]], role = trace.role(i), crossing = role !== SINGLE;
	const lines = [await trace.lines.of(i)];
	if (role === BEGIN && trace.mate[i] !== NONE)
		lines.push(await trace.lines.of(trace.mate[i]));
	const value = key => (lines.join(' ').match(new RegExp(`\\b${key}=(0x[0-9a-f]+)`)) || [])[1];
	const within = around(trace, builder, i), took = trace.took(i), esr = value('esr');
	const facts = [['At', `${duration(trace.time(i), 7)} after the first event`]];
	if (crossing)
		facts.push(['Crossing', `from EL${trace.from(i)} to EL${trace.to(i)}`],
			['Took', took >= 0 ? duration(took, 4) : 'its end is not in the trace']);
	if (within.length)
		facts.push(['Within', within.map(one => called(trace.names[trace.name[one]])).join(' › ')]);
	if (esr)
		facts.push(['ESR', esr + (trace.about.esr[esr] ? `: ${trace.about.esr[esr]}` : '')]);
	for (const key of ['elr', 'far'])
		if (value(key))
			facts.push([key.toUpperCase(), value(key), true]);
	return {
		title: called(what), took, crossing, lines: lines.filter(Boolean), facts, within,
		cls: CLASSES[classOf(trace.to(i), what.kind)],
		where: `${task.comm} (${task.tid ? `task ${task.tid}` : 'the kernel'}), core ${coreOf(trace, i)}`,
	};
}
