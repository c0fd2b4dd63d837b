"""Transition systems and oracles against brute force on every small tree, and against plain Python on random ones."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest
from small_trees import is_tree

from clearparse.transition.arc_standard import StaticOracle
from clearparse.transition.arc_standard_swap import SWAP
from clearparse.transition.layout import Layout
from clearparse.transition.system import IMPOSSIBLE, LEFT_ARC, RIGHT_ARC, ROOT_ARC, SHIFT, Oracle, System, Transitions
from clearparse.transition.systems import SYSTEMS

State = tuple[tuple[int, ...], int]  # stack (bottom first) and front of the buffer; words 1..n, ROOT is n + 1


SWAPPING = [name for name, system in SYSTEMS.items() if system.nonprojective]


def layout_of(*lengths: int, right_to_left: bool = False) -> Layout:
    return Layout(np.cumsum([0, *lengths], dtype=np.int64), right_to_left=right_to_left)


def is_projective(heads: tuple[int, ...]) -> bool:
    arcs = [(min(h, d), max(h, d)) for d, h in enumerate(heads, 1)]
    return not any(a < c < b < d for (a, b), (c, d) in itertools.permutations(arcs, 2))


@functools.cache
def trees(n: int, roots: int = 1) -> list[tuple[int, ...]]:
    """Every projective tree of n words with so many roots."""
    every = itertools.product(range(n + 1), repeat=n)
    return [heads for heads in every if heads.count(0) == roots and is_tree(heads) and is_projective(heads)]


def moves_of(state: State, n: int) -> dict[int, tuple[State, tuple[int, int] | None]]:
    """Arc-hybrid in plain Python: each legal move with the next state and the arc (head, word) it makes."""
    stack, b0 = state
    root = n + 1
    moves: dict[int, tuple[State, tuple[int, int] | None]] = {}
    if b0 != root:
        moves[SHIFT] = ((*stack, b0), b0 + 1), None
        if stack:
            moves[LEFT_ARC] = (stack[:-1], b0), (b0, stack[-1])
    if len(stack) > 1:
        moves[RIGHT_ARC] = (stack[:-1], b0), (stack[-2], stack[-1])
    if b0 == root and len(stack) == 1:
        moves[ROOT_ARC] = ((), b0), (root, stack[0])
    return moves


def regrets(heads: tuple[int, ...], paths: dict[State, tuple[int, ...]]) -> dict[State, dict[int, int]]:
    """For each state, what each move loses against the best that can still be reached."""
    n = len(heads)
    gold = {(h or n + 1, d) for d, h in enumerate(heads, 1)}

    @functools.cache
    def best(state: State) -> int:
        return max((best(after) + (arc in gold) for after, arc in moves_of(state, n).values()), default=0)

    return {
        state: {m: best(state) - best(after) - (arc in gold) for m, (after, arc) in moves_of(state, n).items()}
        for state in paths
    }


@functools.cache
def all_paths(n: int) -> dict[State, tuple[int, ...]]:
    """Every state that n words can reach, with moves that lead there."""
    paths: dict[State, tuple[int, ...]] = {((), 1): ()}
    queue = list(paths)
    for state in queue:
        for move, (after, _) in moves_of(state, n).items():
            if after not in paths:
                paths[after] = (*paths[state], move)
                queue.append(after)
    return paths


def step(system: System, oracle: Oracle, active: np.ndarray, move: np.ndarray) -> None:
    oracle.advance(active, move)
    system.apply(active, move, np.zeros(len(active), dtype=np.intp))
    assert system.stack_next[0] == system.buffer_next[0] == system.head[0] == system.lc1[0] == system.rc1[0] == 0


def costs_after(heads: tuple[int, ...], paths: list[tuple[int, ...]], name: str = "arc-hybrid") -> np.ndarray:
    """The oracle's costs after each of many paths through copies of one sentence, all run as one batch."""
    system = SYSTEMS[name](layout_of(*[len(heads)] * len(paths)))
    gold = system.layout.heads_to_index(np.tile(np.array(heads, dtype=np.int32), len(paths)))
    oracle = system.oracle(system, gold)
    for k in range(max(map(len, paths))):
        active = np.array([i for i, path in enumerate(paths) if len(path) > k])
        step(system, oracle, active, np.array([paths[i][k] for i in active]))
    return oracle.costs(np.arange(len(paths)))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_costs_equal_regret_in_every_state_of_every_tree(n: int) -> None:
    paths = all_paths(n)
    assert len(trees(n)) == [1, 2, 7, 30, 143][n - 1]
    for heads in trees(n):
        for costs, regret in zip(costs_after(heads, list(paths.values())), regrets(heads, paths).values(), strict=True):
            assert {m: c for m, c in enumerate(costs) if c != IMPOSSIBLE} == regret


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_cheapest_moves_are_optimal_with_several_roots(n: int) -> None:
    paths = all_paths(n)
    for heads in trees(n, roots=2):
        for costs, regret in zip(costs_after(heads, list(paths.values())), regrets(heads, paths).values(), strict=True):
            if regret:
                assert regret[int(costs.argmin())] == min(regret.values())


def follow(name: str, lengths: list[int], heads: np.ndarray, *, right_to_left: bool = False) -> System:
    system = SYSTEMS[name](layout_of(*lengths, right_to_left=right_to_left))
    oracle = system.oracle(system, system.layout.heads_to_index(heads))
    while len(active := np.flatnonzero(system.legal(np.arange(len(lengths))).any(axis=1))):
        step(system, oracle, active, oracle.costs(active).argmin(axis=1))
    return system


@pytest.mark.parametrize("right_to_left", [False, True])
@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_the_oracle_rebuilds_every_tree(name: str, n: int, right_to_left: bool) -> None:
    heads = np.array(trees(n), dtype=np.int32).ravel()
    system = follow(name, [n] * len(trees(n)), heads, right_to_left=right_to_left)
    assert np.array_equal(system.layout.index_to_heads(system.head), heads)


@pytest.mark.parametrize("right_to_left", [False, True])
@pytest.mark.parametrize("name", SWAPPING)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_with_swap_any_cheapest_moves_rebuild_every_tree(n: int, name: str, right_to_left: bool) -> None:
    """Projective or not; whichever of the moves of cost 0 is taken."""
    every = [heads for heads in itertools.product(range(n + 1), repeat=n) if heads.count(0) == 1 and is_tree(heads)]
    assert len(every) == n ** (n - 1)
    for seed in range(5):
        rebuild(
            name, [n] * len(every), np.array(every, dtype=np.int32).ravel(), np.random.default_rng(seed), right_to_left
        )


@pytest.mark.parametrize("right_to_left", [False, True])
@pytest.mark.parametrize("name", SWAPPING)
def test_with_swap_any_cheapest_moves_rebuild_large_trees(name: str, right_to_left: bool) -> None:
    """Of random shape, most of them with many crossing arcs."""
    rng, lengths, heads = np.random.default_rng(6), [7, 10, 15, 30] * 100, []
    for n in lengths:
        order, tree = rng.permutation(n), np.zeros(n, dtype=np.int32)
        for k in range(1, n):
            tree[order[k]] = order[rng.integers(k)] + 1
        heads.append(tree)
    rebuild(name, lengths, np.concatenate(heads), rng, right_to_left)


def rebuild(name: str, lengths: list[int], heads: np.ndarray, rng: np.random.Generator, right_to_left: bool) -> None:
    system = SYSTEMS[name](layout_of(*lengths, right_to_left=right_to_left))
    oracle = system.oracle(system, system.layout.heads_to_index(heads))
    while len(active := np.flatnonzero(system.legal(np.arange(len(lengths))).any(axis=1))):
        costs = oracle.costs(active)
        assert (costs.min(axis=1) == 0).all()
        step(system, oracle, active, (costs + rng.random(costs.shape) / 2).argmin(axis=1))
    assert np.array_equal(system.layout.index_to_heads(system.head), heads)


def test_with_swap_the_costs_of_projective_trees_are_those_without() -> None:
    """On any way to the gold tree."""
    heads, rng = np.array(trees(5), dtype=np.int32).ravel(), np.random.default_rng(7)
    systems = [SYSTEMS[name](layout_of(*[5] * len(trees(5)))) for name in ("arc-standard", "arc-standard-swap")]
    oracles = [each.oracle(each, each.layout.heads_to_index(heads)) for each in systems]
    while len(active := np.flatnonzero(systems[0].legal(np.arange(len(trees(5)))).any(axis=1))):
        without, swapping = (oracle.costs(active) for oracle in oracles)
        assert np.array_equal(without, swapping[:, :SWAP])
        move = (without + rng.random(without.shape) / 2).argmin(axis=1)
        for system, oracle in zip(systems, oracles, strict=True):
            step(system, oracle, active, move)


@pytest.mark.parametrize("name", SYSTEMS)
def test_any_legal_moves_give_one_tree_with_one_root(name: str) -> None:
    rng = np.random.default_rng(1)
    lengths = [1, 1, 2, 3, 5, 8, 13, 30] * 20
    system = SYSTEMS[name](layout_of(*lengths))
    steps = np.zeros(len(lengths), dtype=int)
    while len(active := np.flatnonzero((legal := system.legal(np.arange(len(lengths)))).any(axis=1))):
        steps[active] += 1
        move = np.where(legal[active], rng.random((len(active), len(system.moves))), -1).argmax(axis=1)
        system.apply(active, move, np.zeros(len(active), dtype=np.intp))
        assert np.array_equal(system.legal(active).any(axis=1), move != ROOT_ARC)  # which is the last move
    swaps = name in SWAPPING
    assert all(taken >= 2 * n if swaps else taken == 2 * n for taken, n in zip(steps, lengths, strict=True))
    heads = system.layout.index_to_heads(system.head)
    for tree in np.split(heads, np.cumsum(lengths)[:-1]):
        assert is_tree(tuple(tree))
        assert swaps or is_projective(tuple(tree))
        assert (tree == 0).sum() == 1


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_scalar_view_has_the_same_states(name: str) -> None:
    """With one configuration as an int, and with arrays of one."""
    rng = np.random.default_rng(3)
    for n in [1, 2, 3, 5, 8, 13, 30] * 5:
        system, other = (SYSTEMS[name](layout_of(n)) for _ in range(2))
        one, active = other.scalar_view(), np.array([0])
        while (legal := np.flatnonzero(system.legal(active)[0])).size:
            move, label = int(rng.choice(legal)), int(rng.integers(5))
            system.apply(active, np.array([move]), np.array([label]))
            one.actions()[move](0, label)
            assert one.situation(0) == other.situation(active)[0] == system.situation(active)[0]
            for key, array in vars(system).items():
                assert key == "layout" or np.array_equal(array, getattr(other, key)), key
        assert move == ROOT_ARC


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_legal_classes_of_each_situation(name: str) -> None:
    transitions, system = Transitions(["a", "b"], ["b", "c"], ["root"], SYSTEMS[name]), SYSTEMS[name]
    for s, moves in enumerate(system.legal_moves):
        expected = [c for c, move in enumerate(transitions.kind) if moves[move]]
        assert np.flatnonzero(transitions.legal[s]).tolist() == expected
        assert transitions.undecided[s] == (len(expected) > 1)
        assert not expected or transitions.first[s] == expected[0]


def test_legal_moves_and_actions_are_declared_only() -> None:
    """An overridden `legal` or `apply` would not be used in parsing."""
    for name in ("legal", "apply"):
        with pytest.raises(TypeError, match="Mine: a system declares legal_moves, situation and actions"):
            type("Mine", (SYSTEMS["arc-standard"],), {name: lambda *arguments: None})


@pytest.mark.parametrize("name", SYSTEMS)
def test_child_links_and_valencies(name: str) -> None:
    rng = np.random.default_rng(2)
    sample = [trees(5)[i] for i in rng.choice(len(trees(5)), 40)]
    system = follow(name, [5] * 40, np.array(sample, dtype=np.int32).ravel())
    for s, heads in enumerate(sample):
        for h in range(1, 6):
            at = system.layout.first[s] + h - 1
            left = [d for d in range(1, h) if heads[d - 1] == h]
            right = [d for d in range(5, h, -1) if heads[d - 1] == h]
            index = [
                0 if d is None else system.layout.first[s] + d - 1
                for d in (*(*left, None, None)[:2], *(*right, None, None)[:2])
            ]
            assert [system.lc1[at], system.lc2[at], system.rc1[at], system.rc2[at]] == index
            assert (system.left_valency[at], system.right_valency[at]) == (len(left), len(right))


@pytest.mark.parametrize("right_to_left", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_any_moves_of_cost_zero_lead_to_the_gold_tree(n: int, right_to_left: bool) -> None:
    """Arc-standard's choice: dependents to the left before or behind those to the right."""
    heads, rng = np.array(trees(n), dtype=np.int32).ravel(), np.random.default_rng(n)
    for _ in range(5):
        rebuild("arc-standard", [n] * len(trees(n)), heads, rng, right_to_left)


def test_only_left_dependents_may_wait() -> None:
    """a <- b -> c: LEFT_ARC or SHIFT when a and b are on the stack, and then it is SHIFT, RIGHT_ARC, LEFT_ARC."""
    system = SYSTEMS["arc-standard"](layout_of(3))
    oracle = StaticOracle(system, system.layout.heads_to_index(np.array([2, 0, 2], dtype=np.int32)))
    active = np.array([0])
    choices = []
    while system.legal(active).any():
        free = np.flatnonzero(oracle.costs(active)[0] == 0)
        choices.append(free.tolist())
        step(system, oracle, active, free[:1])  # SHIFT where it is among them
    assert choices == [[SHIFT], [SHIFT], [SHIFT, LEFT_ARC], [RIGHT_ARC], [LEFT_ARC], [ROOT_ARC]]


def test_right_to_left_is_the_mirror_image() -> None:
    """Flat arrays are in the order of reading; HEAD columns are not changed by a way there and back."""
    sentences, heads = np.array([0, 3, 4]), np.array([2, 0, 2, 0], dtype=np.int32)
    layout = Layout(sentences, right_to_left=True)
    assert layout.words.tolist() == [3, 2, 1, 5]
    assert layout.number.tolist() == [0, 3, 2, 1, 0, 1, 0]
    assert layout.heads_to_index(heads).tolist() == [0, 2, 4, 2, 0, 6, 0]
    assert layout.index_to_heads(layout.heads_to_index(heads)).tolist() == heads.tolist()


def test_a_sentence_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="without words"):
        layout_of(2, 0, 1)
