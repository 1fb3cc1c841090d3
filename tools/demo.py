"""The main job on real data: einsums and a program over 1797 handwritten digits, computed by machine
code that is made for this CPU, checked against NumPy.

usage: demo.py DIGITS_CSV_GZ     with bin/ricci on PATH and python/ on PYTHONPATH; see tools/dev demo

The file is the test set of E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (UCI
Machine Learning Repository, 1998): in each line the 64 pixels, 0 to 16, of an image, and its label.
"""

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import ricci

UNIT_ROUNDOFF = 2.0**-24  # of float32

# Reads the images q by attention to the images x, whose labels y are known: each x has a weight that
# falls with the distance, and votes for its label. z: the true labels of q.
CLASSIFY = """\
d = sum(q * q, axis=1, keepdims=True) - 2.0 * einsum('ip,np->in', q, x) + sum(x * x, axis=1)
votes = softmax(-d / 50.0, axis=1) @ float32(y[:, None] == arange(10))
guess = argmax(votes, axis=1)
guess, votes, mean(guess == z)
"""


def run(folder, *command):
    """Shows a command and what it prints in a folder; gives up where it fails."""
    print("\n$ " + shlex.join(command), flush=True)
    done = subprocess.run(command, cwd=folder)
    if done.returncode:
        sys.exit(f"demo: {command[0]} ended with exit code {done.returncode}")


def check(claim, passed):
    print(f"check: {claim}: {'yes' if passed else 'NO'}")
    return bool(passed)


def gram_is_exact(pixels, gram):
    """All products and sums are integers below 2**24, which float32 holds: not one bit may differ."""
    exact = pixels.astype(np.int64) @ pixels.astype(np.int64).T
    return check("gram.npy is equal to NumPy's in integers, element by element",
                 gram.dtype == np.float32 and np.array_equal(gram, exact))


def means_are_accurate(weights, pixels, means):
    """The bound for a sum of k products in any order (Higham 2002, section 3.1):
    gamma(k) = k u / (1 - k u) times the sum of the products' magnitudes. Zeros add no rounding."""
    wide_weights, wide_pixels = weights.astype(np.float64), pixels.astype(np.float64)
    k = np.count_nonzero(weights, axis=0)[:, None]
    gamma = k * UNIT_ROUNDOFF / (1 - k * UNIT_ROUNDOFF)
    error = np.abs(means - np.einsum("nc,np->cp", wide_weights, wide_pixels))
    bound = gamma * np.einsum("nc,np->cp", np.abs(wide_weights), np.abs(wide_pixels))
    return check(f"means.npy is within the rounding bound of NumPy's in float64 (worst error {error.max():.1e})",
                 means.dtype == np.float32 and means.shape == (10, 64) and (error <= bound).all())


def neighbours_agree(gram, labels):
    """How many images have the label of their nearest neighbour: |x - y|^2 = x.x - 2 x.y + y.y."""
    norms = np.diag(gram)
    distance = norms[:, None] - 2 * gram + norms
    np.fill_diagonal(distance, np.inf)
    return np.mean(labels[distance.argmin(axis=1)] == labels)


def votes_are_accurate(files, guess, votes):
    """NumPy in float64. The distances are integers, hence exact; a vote is a sum of weights up to 1,
    whose exponents, of at most some 100, are rounded twice."""
    q, x, y = (files[name].astype(np.float64) for name in "qxy")
    exponent = -((q * q).sum(axis=1)[:, None] - 2 * q @ x.T + (x * x).sum(axis=1)) / 50
    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    wanted = weights / weights.sum(axis=1, keepdims=True) @ (y[:, None] == np.arange(10))
    error = np.abs(votes - wanted).max()
    return check(f"votes are as NumPy's in float64 (worst error {error:.1e}), and each guess has the most",
                 error <= 1000 * UNIT_ROUNDOFF and np.array_equal(guess, votes.argmax(axis=1)))


def classify(folder, pixels, labels):
    """Every fourth image is read with the help of the others."""
    read = np.arange(len(pixels)) % 4 == 0
    files = {"q": pixels[read], "x": pixels[~read], "y": labels[~read], "z": labels[read]}
    for name, array in files.items():
        np.save(Path(folder, f"{name}.npy"), array)
    Path(folder, "classify.ricci").write_text(CLASSIFY)
    print(f"\nclassify.ricci reads {read.sum()} of the images by attention to the other {(~read).sum()}:\n")
    print("".join("    " + line for line in CLASSIFY.splitlines(keepends=True)), end="", flush=True)
    operands = [f"{name}={name}.npy" for name in files]
    run(folder, "ricci", "eval", "@classify.ricci", *operands, "--plan")
    run(folder, "ricci", "eval", "@classify.ricci", *operands, "-o", "guess.npz", "--time")
    with np.load(Path(folder, "guess.npz")) as results:
        guess, votes, accuracy = (results[name] for name in results.files)
    print(f"\n{accuracy:.1%} of the labels are read right ({(guess != files['z']).sum()} of {len(guess)} are wrong)\n")
    python = ricci.evaluate(CLASSIFY, **files)
    return [votes_are_accurate(files, guess, votes),
            check("the accuracy is what NumPy counts", accuracy == np.mean(guess == files["z"])),
            check("ricci.evaluate in Python gives the same bits as the driver",
                  all(np.array_equal(a, b) for a, b in zip(python, (guess, votes, accuracy))))]


def picture(image):
    shades = " .:-=+*#%@"
    levels = np.clip(image / 16 * len(shades), 0, len(shades) - 1).astype(int)
    return ["".join(shades[level] * 2 for level in row) for row in levels.reshape(8, 8)]


def main():
    if len(sys.argv) != 2:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    table = np.loadtxt(sys.argv[1], delimiter=",", dtype=np.int64)
    pixels, labels = table[:, :64].astype(np.float32), table[:, 64]
    one_hot = labels[:, None] == np.arange(10)
    weights = (one_hot / one_hot.sum(axis=0)).astype(np.float32)
    print(f"{len(pixels)} handwritten digits of 8 x 8 pixels: x.npy {pixels.shape}, and w.npy {weights.shape}, where\n"
          "w[n, c] is 1 / (number of images of class c) if image n is of class c, else 0; float32", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder, "x.npy"), pixels)
        np.save(Path(folder, "w.npy"), weights)
        run(folder, "ricci", "plan", "ik,jk->ij", "x.npy", "x.npy")
        run(folder, "ricci", "einsum", "ik,jk->ij", "x.npy", "x.npy", "-o", "gram.npy", "--time")
        run(folder, "ricci", "einsum", "nc,np->cp", "w.npy", "x.npy", "-o", "means.npy", "--time")
        gram, means = np.load(Path(folder, "gram.npy")), np.load(Path(folder, "means.npy"))

        print(f"\nby gram.npy the nearest neighbour has the same label for {neighbours_agree(gram, labels):.1%} of the images;"
              "\nmeans.npy, the average 0, 1, 2 and 3:")
        for row in zip(*(picture(means[digit]) for digit in range(4))):
            print(("    " + "   ".join(row)).rstrip())

        print()
        passed = [gram_is_exact(pixels, gram), means_are_accurate(weights, pixels, means),
                  check("ricci.einsum in Python gives the same bits as the driver",
                        np.array_equal(ricci.einsum("ik,jk->ij", pixels, pixels), gram)
                        and np.array_equal(ricci.einsum("nc,np->cp", weights, pixels), means))]
        passed += classify(folder, pixels, labels)
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
