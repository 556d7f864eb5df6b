"""Searches replayed on the table of trials: a row stands for a training that was really run, so that a search takes no time.

The search is as in SageMaker: so many jobs, so many at a time; what has ended by then is known when the next one is chosen.
"""

import heapq
import itertools
import statistics

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from scipy.special import ndtr

HYPERPARAMETERS = ["eta", "max_depth", "min_child_weight", "gamma", "subsample", "colsample_bytree", "lambda", "alpha"]
DEFAULTS = {"eta": 0.3, "max_depth": 6, "min_child_weight": 1, "subsample": 1, "colsample_bytree": 1, "lambda": 1}  # XGBoost's; others 0
ROUNDS, REPORTS = 100, 20  # a training reports its AUC after 5, 10, ... 100 rounds
WAIT, SETUP, TRAINING = 2.0, 1.0, 10.0  # minutes of a job: for its instance, which is not billed; setting up; the average training
FIRST = 9  # jobs at random before there is a model: one more than there are hyperparameters
ENOUGH = 3  # completed jobs before early stopping judges one; jobs at a rung before Hyperband does
FACTOR, RUNGS, BRACKETS = 3, (1, 3, 9), [0] * 9 + [1] * 5 + [2] * 3  # Hyperband: the best third goes on; reports; first rung of each job
KERNELS = [(length, noise) for length in (0.4, 0.8, 1.6) for noise in (0.001, 0.1)]  # of the Gaussian processes that are tried


class Pool:
    """The trainings that a search may choose from: those drawn on logarithmic scales.

    Attributes
    ----------
    trials : DataFrame
    units : ndarray
        Where each training lies between the least and the most of each hyperparameter, from 0 to 1 on logarithmic scales.
    curves : ndarray
        Its validation AUC at each report.
    work : ndarray
        How long it takes beside the average one: half is the same for all, half goes with the levels of its trees.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self.trials = table[table.scaling == "Logarithmic"].reset_index(drop=True)
        places = np.log(self.trials[HYPERPARAMETERS].to_numpy(float))
        self._ends = places.min(axis=0), places.max(axis=0)
        self.units = self.place(places)
        self.curves = np.stack(self.trials.auc.to_numpy())
        levels = np.log2(self.trials.nodes.to_numpy() / ROUNDS + 1)
        self.work = (1 + levels / levels.mean()) / 2

    def place(self, logarithms: np.ndarray) -> np.ndarray:
        low, high = self._ends
        return np.clip((logarithms - low) / (high - low), 0, 1)

    def __len__(self) -> int:
        return len(self.trials)


def replay(pool: Pool, strategy: str, jobs: int, parallel: int = 1, seed: int = 0, early: str = "Off") -> pd.DataFrame:
    """The jobs of a search, in the order in which they began.

    Parameters
    ----------
    pool : Pool
    strategy : str
        ``Random``, ``Grid``, ``Bayesian`` or ``Hyperband``.
    jobs : int
        How many. Hyperband trains as many rounds as so many whole jobs have, in more and shorter ones.
    parallel : int
        At most so many run at a time; a new one begins as soon as one has ended.
    seed : int
    early : str
        ``Auto`` stops jobs by the median rule.

    Returns
    -------
    DataFrame
        ``trial`` (a row of the pool), ``start`` and ``end`` (minutes), ``billed`` (minutes), ``rounds``, ``status`` (``Completed`` or
        ``Stopped``) and ``auc``, the last that the job reported.
    """
    run = _Run(pool, CHOICES[strategy](pool, jobs, np.random.default_rng(seed)))
    rule = _Hyperband() if strategy == "Hyperband" else _Median() if early == "Auto" else _Never()
    return pd.DataFrame(run.jobs(rule, None if strategy == "Hyperband" else jobs, jobs * ROUNDS, parallel))


class _Run:
    """One replay. Its events are the reports of the jobs, in the order of time."""

    def __init__(self, pool: Pool, choose: "_Random") -> None:
        self._pool, self._choose = pool, choose
        self._jobs: list[dict] = []
        self._events: list[tuple[float, int, int]] = []  # minute, number of the job, report

    def jobs(self, rule: "_Never", most: int | None, rounds: int, parallel: int) -> list[dict]:
        """All jobs: ``most`` of them, or as many as begin before so many rounds are trained."""

        def more() -> bool:
            return len(self._jobs) < most if most else sum(job["rounds"] for job in self._jobs) < rounds

        while len(self._jobs) < parallel and more():
            self._begin(0.0)
        while self._events:
            now, number, report = heapq.heappop(self._events)
            if self._reported(rule, now, number, report) and more():
                self._begin(now)
        return self._jobs

    def _begin(self, now: float) -> None:
        told = [(job["trial"], job["auc"]) for job in self._jobs if job["status"]]
        trial = self._choose(told, [job["trial"] for job in self._jobs if not job["status"]])
        self._jobs.append({"trial": trial, "start": now, "end": 0.0, "billed": 0.0, "rounds": 0, "status": "", "auc": 0.0})
        self._expect(len(self._jobs) - 1, 1)

    def _expect(self, number: int, report: int) -> None:
        job = self._jobs[number]
        trained = TRAINING * float(self._pool.work[job["trial"]]) * report / REPORTS
        heapq.heappush(self._events, (job["start"] + WAIT + SETUP + trained, number, report))

    def _reported(self, rule: "_Never", now: float, number: int, report: int) -> bool:
        """Whether the job ends with this report."""
        job, curve = self._jobs[number], self._pool.curves[self._jobs[number]["trial"]]
        job |= {"rounds": report * ROUNDS // REPORTS, "auc": float(curve[report - 1])}
        stopped = report < REPORTS and rule.stops(number, curve, report)
        if report < REPORTS and not stopped:
            self._expect(number, report + 1)
            return False
        if not stopped:
            rule.completed(curve)
        job |= {"end": now, "billed": now - job["start"] - WAIT, "status": "Stopped" if stopped else "Completed"}
        return True


class _Never:
    """Lets every job run to its end."""

    def stops(self, number: int, curve: np.ndarray, report: int) -> bool:
        return False

    def completed(self, curve: np.ndarray) -> None: ...


class _Median(_Never):
    """Stops a job whose AUC is below the median, over the completed jobs, of their average AUC up to the same report."""

    def __init__(self) -> None:
        self._averages: list[np.ndarray] = []

    def stops(self, number: int, curve: np.ndarray, report: int) -> bool:
        enough = len(self._averages) >= ENOUGH
        return enough and curve[report - 1] < statistics.median(averages[report - 1] for averages in self._averages)

    def completed(self, curve: np.ndarray) -> None:
        self._averages.append(np.cumsum(curve) / np.arange(1, REPORTS + 1))


class _Hyperband(_Never):
    """Judges jobs at rungs, each three times as far as the one before; brackets differ in their first rung."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, int], list[float]] = {}

    def stops(self, number: int, curve: np.ndarray, report: int) -> bool:
        bracket = BRACKETS[number % len(BRACKETS)]
        if report not in RUNGS[bracket:]:
            return False
        seen = self._seen.setdefault((bracket, report), [])
        seen.append(curve[report - 1])
        return len(seen) >= ENOUGH and curve[report - 1] < sorted(seen, reverse=True)[len(seen) // FACTOR - 1]


class _Random:
    """Learns nothing from what was found."""

    def __init__(self, pool: Pool, jobs: int, rng: np.random.Generator) -> None:
        self._pool, self._order = pool, iter(rng.permutation(len(pool)).tolist())

    def __call__(self, told: list[tuple[int, float]], pending: list[int]) -> int:
        return next(self._order)


class _Grid(_Random):
    """All combinations of a few values of four hyperparameters; which four is drawn: nobody knows which matter; the rest by default."""

    def __init__(self, pool: Pool, jobs: int, rng: np.random.Generator) -> None:
        self._pool, counts = pool, dict.fromkeys(rng.permutation(len(HYPERPARAMETERS))[:4].tolist(), 1)
        for place in itertools.cycle(counts):
            if np.prod(list((counts | {place: counts[place] + 1}).values())) > jobs:
                break
            counts[place] += 1
        default = pool.place(np.log([DEFAULTS.get(name, 1e-3) for name in HYPERPARAMETERS]))
        values = [
            [(step + 0.5) / counts[place] for step in range(counts[place])] if place in counts else [default[place]] for place in range(8)
        ]
        self._points = itertools.cycle(rng.permutation(list(itertools.product(*values))))

    def __call__(self, told: list[tuple[int, float]], pending: list[int]) -> int:
        distances = np.linalg.norm(self._pool.units - next(self._points), axis=1)  # the nearest training stands for the point
        distances[[*(trial for trial, _ in told), *pending]] = np.inf
        return int(distances.argmin())


class _Bayesian(_Random):
    """Random at first; then the training of which a Gaussian process, fitted to what was found, expects most improvement."""

    def __call__(self, told: list[tuple[int, float]], pending: list[int]) -> int:
        if len(told) + len(pending) < FIRST or len(told) < ENOUGH:
            return next(self._order)
        trials = [trial for trial, _ in told]
        losses = -np.array([auc for _, auc in told])
        middle = np.median(losses)
        losses = np.minimum(losses, middle + (middle - losses.min()) / 2)  # how bad the bad ones are is of no interest
        place = self._pool.units
        among = cdist(place[trials], place[trials])
        model = max((_Process(kernel, among, losses) for kernel in KERNELS), key=lambda model: model.likelihood)
        if pending:  # what runs is taken to turn out as predicted, so that this choice goes elsewhere
            mean, _ = model.predict(cdist(place[pending], place[trials]))
            trials, losses = [*trials, *pending], np.append(losses, mean)
            model = _Process(model.kernel, cdist(place[trials], place[trials]), losses)
        mean, deviation = model.predict(cdist(place, place[trials]))
        gap = (losses.min() - mean) / np.maximum(deviation, 1e-9)
        gain = deviation * (gap * ndtr(gap) + np.exp(-(gap**2) / 2) / np.sqrt(2 * np.pi))
        gain[trials] = -np.inf
        return int(gain.argmax())


class _Process:
    """A Gaussian process with a Matérn kernel (5/2), fitted to the losses of points by their distances among each other.

    It does what scikit-learn's does, whose checks of its input take ten times as long as the arithmetic of so few points.
    """

    def __init__(self, kernel: tuple[float, float], among: np.ndarray, losses: np.ndarray) -> None:
        self.kernel, (self._length, self._noise) = kernel, kernel
        self._mean, self._scale = losses.mean(), losses.std() or 1.0
        scaled = (losses - self._mean) / self._scale
        root = np.linalg.cholesky(self._covariance(among) + self._noise * np.eye(len(losses)))
        self._whitening = np.linalg.inv(root)
        self._weights = self._whitening.T @ (self._whitening @ scaled)
        self.likelihood = -scaled @ self._weights / 2 - np.log(np.diag(root)).sum()  # its logarithm, less a constant

    def _covariance(self, distances: np.ndarray) -> np.ndarray:
        far = np.sqrt(5) / self._length * distances
        return (1 + far + far**2 / 3) * np.exp(-far)

    def predict(self, distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the loss of points, by their distances from the fitted ones, a row each."""
        covariance = self._covariance(distances)
        known = np.einsum("ij,kj->ik", covariance, self._whitening)  # small: threads of a matrix product would cost more than they save
        deviation = np.sqrt(np.maximum(1 + self._noise - (known**2).sum(axis=1), 0))
        return covariance @ self._weights * self._scale + self._mean, deviation * self._scale


CHOICES = {"Random": _Random, "Grid": _Grid, "Bayesian": _Bayesian, "Hyperband": _Random}
