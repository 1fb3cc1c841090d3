"""What ``ricci.plan`` returns."""

from html import escape


class Plan:
    """What the compiler decides for an einsum or a program; ``str(plan)`` is a table as np.einsum_path prints it.

    equation: the einsum, in the caller's labels; empty for a program that is more than one, for which the next six
        say nothing
    path: the order of contractions in opt_einsum's form: positions to pop, the result goes last
    ordered_by: how the path was found
    flops, naive_flops: floating-point operations, as np.einsum_path counts them
    scaling, naive_scaling: the most labels in one contraction
    largest_intermediate: elements
    peak_bytes: of the intermediates that are alive at once
    workspace_bytes: packing buffers of one thread
    slices: into how many parts the work is cut to save memory
    steps: one dict for each kernel: contraction, kernel, flops, bytes, predicted_seconds, remaining
    """

    def __init__(self, text, **facts):
        self._text = text
        self.__dict__.update(facts)

    def __str__(self):
        return self._text

    def __repr__(self):
        if not self.equation:
            return f"<ricci.Plan: {len(self.steps)} steps>"
        return f"<ricci.Plan {self.equation!r}: {self.flops:.3g} flops, {len(self.steps)} steps>"

    def _repr_html_(self):
        facts = [
            ("Complete contraction", self.equation),
            ("Order", self.ordered_by),
            ("Scaling", f"{self.scaling} (naive {self.naive_scaling})"),
            ("Flops", f"{self.flops:.3e} (naive {self.naive_flops:.3e})"),
            ("Largest intermediate", f"{self.largest_intermediate:.3e} elements"),
        ] if self.equation else []
        facts.append(("Peak memory of intermediates", f"{self.peak_bytes} bytes"))
        columns = [
            ("contraction", "contraction", str),
            ("kernel", "kernel", str),
            ("flops", "flops", "{:.1e}".format),
            ("bytes", "bytes", "{:.3g}".format),
            ("predicted", "predicted_seconds", "{:.2e} s".format),
            ("remaining", "remaining", str),
        ]
        def row(cells, tag):
            return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
        head = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts)
        steps = row(["step"] + [name for name, _, _ in columns], "th")
        for number, step in enumerate(self.steps, 1):
            steps += row([str(number)] + [show(step[key]) for _, key, show in columns], "td")
        return f"<table>{head}</table><table>{steps}</table>"
