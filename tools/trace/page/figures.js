/*
 * figures.js - counts and latencies of the crossings in a range of events, by call and by
 * crossing, and the longest.  All are exact: each stay's time is looked at, none is sampled.
 *
 * A stay whose end was not recorded counts, and has no latency.  A quantile is the smallest
 * latency that at least so large a part of them does not exceed.
 */

const LONGEST = 10;

function quantile(sorted, part) {
	return sorted.length ? sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] : NaN;
}

/* Latencies by powers of two: [the exponent of the first, counts...]. */
function histogram(sorted) {
	if (!sorted.length)
		return { base: 0, counts: [] };
	const power = ns => ns < 1 ? 0 : Math.floor(Math.log2(ns));
	const base = power(sorted[0]), counts = new Array(power(sorted[sorted.length - 1]) - base + 1).fill(0);
	for (const ns of sorted)
		counts[power(ns) - base]++;
	return { base, counts };
}

function figuresOf(key, name, kind, count, times) {
	const sorted = Float64Array.from(times).sort();
	let total = 0;
	for (const ns of sorted)
		total += ns;
	return {
		key, name, kind, count, total,
		min: quantile(sorted, 0), median: quantile(sorted, 0.5), p99: quantile(sorted, 0.99),
		max: quantile(sorted, 1), histogram: histogram(sorted),
	};
}

/* EL2 and EL3 tell of a call that they served beside the kernel's own word of it. */
function crossingOf(trace, i) {
	const kind = trace.kind(i);
	return `EL${trace.from(i)} → EL${trace.to(i)} ${kind.startsWith('el') ? 'by its own word' : kind}`;
}

/* The LONGEST latencies of a kind ('' for all), longest first. */
class Longest {
	constructor() { this.items = []; }

	offer(i, ns) {
		const items = this.items;
		if (items.length === LONGEST && ns <= items[items.length - 1].ns)
			return;
		let at = items.length;
		while (at && items[at - 1].ns < ns)
			at--;
		items.splice(at, 0, { i, ns });
		if (items.length > LONGEST)
			items.pop();
	}
}

class Figures {
	constructor(trace) {
		this.trace = trace;
		this.job = 0;
	}

	/*
	 * The figures of events first..last-1, or null when another question came while this one
	 * was answered.
	 */
	async of(first, last) {
		const trace = this.trace, job = ++this.job;
		const calls = new Map(), crossings = new Map(), longest = new Map([['', new Longest()]]);
		const put = (map, key, start, ns) => {
			let group = map.get(key);
			if (!group)
				map.set(key, group = { start, count: 0, times: [] });
			group.count++;
			if (ns >= 0)
				group.times.push(ns);
		};
		for (let i = first; i < last; ) {
			for (const end = Math.min(last, i + SLICE); i < end; i++) {
				const role = trace.role(i);
				if (role !== BEGIN && role !== WHOLE)
					continue;
				const ns = trace.took(i), kind = trace.kind(i);
				put(calls, trace.name[i], i, ns);
				put(crossings, trace.levels[i] & 15 | trace.about.kinds.indexOf(kind) << 4, i, ns);
				if (!(ns >= 0))
					continue;
				longest.get('').offer(i, ns);
				if (!longest.has(kind))
					longest.set(kind, new Longest());
				longest.get(kind).offer(i, ns);
			}
			await pause();
			if (job !== this.job)
				return null;
		}
		return {
			first, last,
			calls: [...calls].map(([key, g]) => figuresOf(key, trace.names[key].name,
				trace.names[key].kind, g.count, g.times)),
			crossings: [...crossings].map(([key, g]) => figuresOf(key, crossingOf(trace, g.start),
				trace.kind(g.start), g.count, g.times)),
			longest: Object.fromEntries([...longest].map(([kind, l]) => [kind, l.items])),
		};
	}
}
