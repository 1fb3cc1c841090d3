"""The exceptions that Ricci raises."""


class Error(ValueError):
    """What is wrong with a call. ``str(error)`` shows the equation with carets under the place.

    message: one line, without the equation
    span: (begin, end) of the place in the equation, in characters; None where there is none
    notes: lines of detail, such as the operands' types
    kind: "input" (the equation or an operand), "usage" (an option), "machine" (memory, or no
        compiler), "internal" (a defect in Ricci)
    """

    def __init__(self, rendered="", message=None, span=None, notes=(), kind="input"):
        super().__init__(rendered)
        self.message = rendered if message is None else message
        self.span = span
        self.notes = tuple(notes)
        self.kind = kind


class PathError(Error, RuntimeError):
    """An explicit path that does not contract all operands; RuntimeError is what NumPy raises."""
