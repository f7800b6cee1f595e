/*
 * find.js - the search: events whose decoded line, name or task holds a text, in either case.  The
 * lines are inflated a piece at a time, and the page goes on meanwhile; finds are in order, and
 * count up while it runs.
 */

class Finder {
	constructor(trace) {
		this.trace = trace;
		this.job = 0;
		this.clear();
	}

	clear() {
		this.job++;
		this.text = '';
		this.found = new Growing(Uint32Array);
		this.done = true;
	}

	/* tell() is called whenever there is more to show. */
	async run(text, tell) {
		this.clear();
		const job = this.job, want = text.toLowerCase();
		this.text = want;
		if (!want)
			return tell();
		this.done = false;
		this.match(want);
		const { lines, n } = this.trace;
		let told = performance.now();
		for (let piece = 0; piece < lines.count; piece++) {
			const plain = (await lines.inflated(piece)).toLowerCase();
			if (job !== this.job)
				return undefined;
			this.piece(plain, want, piece * lines.each, Math.min(n, (piece + 1) * lines.each));
			if (performance.now() - told > 60) {
				tell();
				await pause();
				told = performance.now();
			}
		}
		this.done = true;
		return tell();
	}

	/* Which names and tasks hold the text. */
	match(want) {
		const { names, tasks } = this.trace;
		const holds = text => text.toLowerCase().includes(want);
		this.inName = names.map(one => holds(called(one)));
		this.inTask = tasks.map(({ comm, tid }) => holds(`${comm} ${tid}`));
	}

	piece(plain, want, first, end) {
		const { name, task } = this.trace;
		let start = 0, hit = plain.indexOf(want);
		for (let i = first; i < end; i++) {
			let stop = plain.indexOf('\n', start);
			if (stop < 0)
				stop = plain.length;
			if (hit >= 0 && hit < start)
				hit = plain.indexOf(want, start);
			if (hit >= 0 && hit + want.length <= stop || this.inName[name[i]] || this.inTask[task[i]])
				this.found.push(i);
			start = stop + 1;
		}
	}

	get count() { return this.found.n; }

	/* The find behind (or before) event i, round the end; its place among them, -1: none. */
	next(i, forward) {
		const { items, n } = this.found;
		if (!n)
			return -1;
		let low = 0, high = n;
		while (low < high) {
			const mid = low + high >>> 1;
			if (forward ? items[mid] <= i : items[mid] < i)
				low = mid + 1;
			else
				high = mid;
		}
		return forward ? low % n : (low + n - 1) % n;
	}

	has(i) {
		const at = this.next(i, false), { items, n } = this.found;
		return n > 0 && items[(at + 1) % n] === i;
	}
}
