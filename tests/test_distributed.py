"""Several processes: how they meet, are started, train together, and what becomes of the others
when one is lost."""

import os
import re
import shutil
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import gluonx as gx
from gluonx import launch
from gluonx.hosts.lending import NotLentError
from gluonx.hosts.peers import Peers, meet
from gluonx.hosts.start import read

WORKERS = str(Path(__file__).with_name("workers.py"))


def free_port():
    with socket.socket() as s:
        s.bind(("", 0))
        return s.getsockname()[1]


# -- what the environment says --------------------------------------------------------------------

DMLC = {
    "DMLC_ROLE": "worker", "DMLC_PS_ROOT_URI": "h", "DMLC_PS_ROOT_PORT": "9",
    "DMLC_NUM_WORKER": "3", "DMLC_WORKER_ID": "2",
}  # fmt: skip


def test_variables_of_mxnet_and_of_cluster_managers_are_understood():
    assert read({}) is None
    assert read(DMLC)[:3] == (2, 3, ("h", 9))
    assert (
        read({k: v for k, v in DMLC.items() if k != "DMLC_WORKER_ID"} | {"DMLC_TASK_ID": "1"})[0]
        == 1
    )
    assert read(DMLC | {"DMLC_NUM_WORKER": "1"}) is None
    for more in [
        {"OMPI_COMM_WORLD_SIZE": "3", "OMPI_COMM_WORLD_RANK": "2"},
        {"PMI_SIZE": "3", "PMI_RANK": "2"},
        {"SLURM_STEP_ID": "0", "SLURM_PROCID": "2", "SLURM_NTASKS": "3"},
    ]:
        assert read(more)[:3] == (2, 3, None)
    mpi = {"OMPI_COMM_WORLD_SIZE": "3", "OMPI_COMM_WORLD_RANK": "2"}
    assert read(mpi).method == "mpi4py"  # of version 5; the next is of 4
    assert read(mpi | {"OMPI_MCA_orte_hnp_uri": "1.0;tcp://h:9"}).method is None
    mpi |= {"OMPI_COMM_WORLD_LOCAL_SIZE": "3", "PMIX_NAMESPACE": "job@1"}
    slurm = {"SLURM_STEP_ID": "0", "SLURM_PROCID": "2", "SLURM_NTASKS": "3", "SLURM_JOB_ID": "7"}
    slurm["SLURM_STEP_NUM_NODES"] = "1"
    for one_host in (mpi, slurm):
        start = read(one_host)
        assert start[:2] == (2, 3) and start.address[0] == "127.0.0.1" and start.job
        assert 20000 <= start.address[1] < 32000 and start == read(one_host)
    assert read(mpi | {"PMIX_NAMESPACE": "job@2"}).address != read(mpi).address
    where = {"DMLC_PS_ROOT_URI": "h", "DMLC_PS_ROOT_PORT": "9"}
    for numbers in (mpi, slurm, {"JOB_COMPLETION_INDEX": "2", "DMLC_NUM_WORKER": "3"}):
        assert read(where | numbers)[:3] == (2, 3, ("h", 9))
    assert (
        read({"KUBERNETES_SERVICE_HOST": "h", "JOB_COMPLETION_INDEX": "0"}).source == "Kubernetes"
    )
    for wrong, text in [
        ({"DMLC_WORKER_ID": "3"}, "from 0 to 2, but is 3"),
        ({"DMLC_WORKER_ID": "x"}, "DMLC_WORKER_ID must be a whole number, but is 'x'"),
        ({"DMLC_PS_ROOT_PORT": ""}, "DMLC_PS_ROOT_PORT"),
        ({"DMLC_NUM_WORKER": ""}, "DMLC_NUM_WORKER"),
        ({"DMLC_ROLE": "boss"}, "'boss'"),
    ]:
        with pytest.raises(gx.MXNetError, match=text):
            read(DMLC | wrong)
    with pytest.raises(SystemExit):  # MXNet starts servers with the same program
        read(DMLC | {"DMLC_ROLE": "server"})


def test_joining_after_the_first_array_says_what_to_do(monkeypatch):
    gx.nd.ones((1,)).wait_to_read()
    for name, value in DMLC.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(gx.MXNetError, match="at the beginning of the program"):
        gx.kv.create("dist_sync")
    monkeypatch.setenv("GLUONX_JOINED", "1")  # a process that a worker has started
    with pytest.raises(gx.MXNetError, match="child of worker process 1"):
        gx.kv.create("dist_sync")
    gx.hosts.join_if_started()  # an array there is not for the others
    assert gx.hosts.size() == 1


# -- meeting --------------------------------------------------------------------------------------


def end(peers, found):
    """End peers that share a process."""
    for p in peers:
        p._told = p._over = True
    for _, connections in found.values():
        for c in connections.values():
            c.socket.close()


def gathered(ranks, size, timeout=5, **more):
    """What `meet` gives or raises for each of some workers, in threads."""
    port, found = free_port(), {}

    def run(rank):
        hello = {"rank": rank, "host": "h", "pid": rank, **more.get(f"worker{rank}", {})}
        try:
            found[rank] = meet(("127.0.0.1", port), hello, size, timeout, lambda w: {"seed": 7})
        except gx.MXNetError as e:
            found[rank] = str(e)

    threads = [threading.Thread(target=run, args=(r,)) for r in ranks]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    return found


def test_missing_workers_are_named():
    found = gathered([0, 2], 4, timeout=0.5)
    for text in found.values():
        assert "only 2 of 4 workers are there; missing: worker 1, worker 3" in text
    assert "found no worker 0 at 127.0.0.1" in gathered([1], 2, timeout=0.2)[1]


def test_workers_of_another_job_and_doubles_are_turned_away():
    found = gathered([0, 1], 2, timeout=0.5, worker1={"job": "other"})
    assert "another job" in found[1]
    found = gathered([0, 1], 2, timeout=0.5, worker1={"rank": 5})
    assert "no worker 5 among 2" in found[1]


def test_lost_workers_are_known_to_all():
    found = gathered(range(4), 4)
    assert all(answer["seed"] == 7 for answer, _ in found.values())
    # a process is as many sockets; worker 3 never gives a sign of life
    peers = [Peers(r, found[r][0]["workers"], found[r][1], 0.6, True) for r in range(3)]
    try:
        peers[1].say_goodbye("it ended with ValueError: oops")
        assert (
            peers[0].explain(5)
            == "worker 1 (process 1 on h) is gone: it ended with ValueError: oops"
        )
        assert peers[2].explain(5) == peers[0].missing()
        until = time.monotonic() + 10
        while 3 not in peers[2].gone and time.monotonic() < until:
            time.sleep(0.02)
        assert "no sign of life for 0.6 s" in peers[2].gone[3]
        assert peers[2].overdue(0)
    finally:
        end(peers, found)


def test_a_worker_knows_what_worker_0_saves_and_where_others_are():
    found = gathered(range(3), 3)
    peers = [Peers(r, found[r][0]["workers"], found[r][1], 9, True) for r in range(3)]
    first, *others = [p.progress for p in peers]
    assert peers[0].others == [1, 2] and peers[1].others == [0]
    answers = []

    def ask(progress, *arguments):
        thread = threading.Thread(target=lambda: answers.append(progress.wait_for_save(*arguments)))
        thread.start()
        return thread

    try:
        waiting = [ask(p, "a", 20) for p in others] + [ask(others[0], "a", 20)]
        first.tell_saved([1, 2], "b", [2])
        first.tell_saved([1, 2], "a", [1])
        assert others[0].wait_for_save("b", 20) == [2]  # once more is another save
        waiting[1].join(20)
        for p in (first, others[1]):
            p.begin("a step")
        for thread in waiting:
            thread.join(20)
        assert answers.count([1]) == 2 and answers.count(None) == 1  # it saved that once
        assert others[0].wait_for_save("a", 20) is None
        assert others[0].wait_for_save("c", 20) is None
        others[0].begin("loading")
        assert others[0].what_does(0, 20) == first.what_does(2, 20) == "a step"
        assert first.what_does(1, 20) == "loading"
        assert others[1].wait_for_save("d", 0.05) is None  # nothing is known
        first.end()
        assert others[1].wait_for_save("d", 20) is None
        assert not peers[1].gone
    finally:
        end(peers, found)


def test_worker_0_lends_the_files_that_it_loads(tmp_path):
    found = gathered(range(3), 3)
    peers = [Peers(r, found[r][0]["workers"], found[r][1], 9, True) for r in range(3)]
    path, answers = tmp_path / "net.params", {}
    path.write_bytes(os.urandom(250000))
    first, content = peers[0], path.read_bytes()

    def ask(rank, name, patience=20):
        try:
            answers[rank] = b"".join(peers[rank].lending.borrow(["other", name], patience))
        except NotLentError as e:
            answers[rank] = str(e)
        return answers[rank]

    try:
        waiting = threading.Thread(target=ask, args=(1, "net"))
        waiting.start()
        first.lending.offer(["net", str(path)], str(path))
        path.unlink()
        waiting.join(20)
        assert answers[1] == ask(2, str(path)) == content
        first.progress.begin("a step")
        assert ask(2, "net") == content  # it is only behind
        assert ask(2, "more") == "has gone on to a step without loading it"
        peers[2].progress.begin("a step")
        assert ask(2, "net", 0.1) == "has not loaded it for 0.1 s"
        first.lending.offer(["more"], str(path))
        assert ask(2, "more") == "cannot read it either: No such file or directory"
        for _ in range(4):
            first.progress.begin("a step")
        first.lending.offer(["more"], str(path))
        assert ask(1, "net") == "has gone on to a step without loading it"  # it is closed
        first._lose(1, "")
        assert ask(1, "net") == "is gone"
    finally:
        end(peers, found)


# -- the launcher ---------------------------------------------------------------------------------


def launched(capfd, *arguments):
    status = launch.main([str(a) for a in arguments])
    out, err = capfd.readouterr()
    return status, out, err


def test_launcher_starts_workers_and_marks_what_they_print(tmp_path, capfd):
    program = tmp_path / "hello.py"
    program.write_text(
        "import os, sys\n"
        "print(os.environ['DMLC_WORKER_ID'], os.environ['DMLC_NUM_WORKER'], *sys.argv[1:])\n"
        "print('no end', end='', file=sys.stderr)\n"
    )
    status, out, err = launched(capfd, "-n", 2, program, "--n", "5")
    assert status == 0
    assert sorted(out.splitlines()) == ["[0] 0 2 --n 5", "[1] 1 2 --n 5"]
    assert sorted(err.splitlines()) == ["[0] no end", "[1] no end"]


def test_launcher_ends_all_when_one_fails(tmp_path, capfd):
    program = tmp_path / "fails.py"
    program.write_text(
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN) if sys.argv[1] == 'deaf' else None\n"
        "time.sleep(0.5) if sys.argv[1] == 'deaf' else None\n"
        "if os.environ['DMLC_WORKER_ID'] == '1':\n"
        "    os.kill(os.getpid(), 9) if sys.argv[1] == 'kill' else sys.exit(3)\n"
        "time.sleep(60)\n"
    )
    for act, status, text in [
        ("kill", 137, "was killed by signal 9 (SIGKILL)"),
        ("deaf", 3, "ended with exit status 3"),
    ]:
        found = launched(capfd, "--grace", "0.3", "-n", 3, program, act)
        assert found[0] == status
        assert "launch: worker 1 on localhost (process " in found[2] and text in found[2]


def test_launcher_ends_all_on_ctrl_c(tmp_path, capfd):
    program = tmp_path / "sleeps.py"
    program.write_text(
        "import os, signal, time\n"
        "print(os.getpid(), flush=True)\n"
        "if os.environ['DMLC_WORKER_ID'] == '1':\n"
        "    os.kill(os.getppid(), signal.SIGINT)\n"
        "time.sleep(60)\n"
    )
    status, out, err = launched(capfd, "-n", 2, program)
    assert status == 130 and "SIGINT: the workers are ended" in err
    pids = [int(line.split()[1]) for line in out.splitlines()]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_launcher_starts_workers_by_ssh(tmp_path, capfd, monkeypatch):
    ssh = tmp_path / "ssh"  # in place of the real one: says what it was asked, and runs it here
    ssh.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\necho on $2\nexec sh -c "$3"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("MY_OWN", "it's")
    (tmp_path / "hosts").write_text("# two\nuser@one slots=2\n\ntwo\n")
    program = tmp_path / "worker.py"
    program.write_text(
        "import os, sys, time\n"
        "e = os.environ\n"
        "print(e['DMLC_WORKER_ID'], e['DMLC_PS_ROOT_URI'], e['MY_OWN'], sys.argv[1])\n"
        "if sys.argv[1] == 'a b': sys.exit()\n"
        "sys.exit(4) if e['DMLC_WORKER_ID'] == '2' else time.sleep(60)\n"
    )
    call = ["-n", 3, "-H", tmp_path / "hosts", "--python", sys.executable, "--env", "MY_OWN"]
    status, out, _ = launched(capfd, *call, program, "a b")
    assert status == 0
    assert sorted(out.splitlines()) == [
        "[0] 0 one it's a b", "[0] on user@one", "[1] 1 one it's a b", "[1] on user@one",
        "[2] 2 one it's a b", "[2] on two",
    ]  # fmt: skip
    begin = time.monotonic()
    status, _, err = launched(capfd, *call, program, "fail")
    assert status == 4 and "worker 2 on two" in err and time.monotonic() - begin < 30
    (tmp_path / "hosts").write_text("one cores=2")
    with pytest.raises(SystemExit):
        launch.main(["-n", "2", "-H", str(tmp_path / "hosts"), str(program)])
    assert "expected 'host' or 'host slots=4'" in capfd.readouterr().err


# -- training -------------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch):
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    monkeypatch.setenv("JAX_NUM_CPU_DEVICES", "1")
    monkeypatch.setenv("GLUONX_JOIN_TIMEOUT", "60")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)


def alone(out, steps):
    """The weights that one process trains with the whole batch."""
    subprocess.run([sys.executable, WORKERS, str(out), str(steps)], check=True, timeout=100)
    return np.load(out / "weights-0-of-1.npy")


def weights(out, n):
    found = [np.load(out / f"weights-{r}-of-{n}.npy") for r in range(n)]
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)
    return found[0]


def test_two_processes_train_one_network(tmp_path, capfd, environment):
    status, out, err = launched(capfd, "-n", 2, WORKERS, tmp_path, 3, "count")
    assert status == 0, err
    assert {"[0] done", "[1] done"} <= set(out.splitlines())
    step = "hybridsequential0 + l2loss0 + backward + update: compiled 1 time, run 3 times"
    assert out.count(step) == 2  # the sum over the workers is a part of it
    assert np.isfinite(weights(tmp_path, 2)).all()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_training_goes_on_from_a_checkpoint_after_a_worker_was_killed(tmp_path, capfd, environment):
    (tmp_path / "alone").mkdir()
    (tmp_path / "whole").mkdir()
    expected = alone(tmp_path / "alone", 6)
    for n, killed in [(2, 1), (4, 0)]:
        folder = tmp_path / str(n)
        folder.mkdir()
        begin = time.monotonic()
        status, _, err = launched(capfd, "-n", n, WORKERS, folder, 6, "kill", killed, 5)
        assert status == 137, err
        assert f"launch: worker {killed} on localhost" in err and "SIGKILL" in err
        # Others say it too; where it is worker 0, JAX may be quicker to end them.
        assert killed == 0 or f"gluonx: worker {killed} (process " in err
        assert time.monotonic() - begin < 150
        assert (folder / "step").read_text() == "4"
        status, _, err = launched(capfd, "-n", n, WORKERS, folder, 6)
        assert status == 0, err
        found = weights(folder, n)
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6)
        if n == 2:  # to the bit what training without an interruption gives
            status, _, _ = launched(capfd, "-n", n, WORKERS, tmp_path / "whole", 6)
            np.testing.assert_array_equal(found, weights(tmp_path / "whole", n))


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_worker_that_hangs_is_an_error_that_names_it(tmp_path, capfd, environment, monkeypatch):
    monkeypatch.setenv("GLUONX_PEER_TIMEOUT", "4")
    status, _, err = launched(capfd, "-n", 2, WORKERS, tmp_path, 9, "stop", 1, 2)
    why = "no sign of life for 4 s"
    assert status == 1
    assert re.search(
        r"MXNetError: Trainer.step\(\) needs all workers, but worker 1 .* is gone", err
    )
    assert re.search(f"launch: worker 1 on localhost .*{why}", err)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_worker_that_ends_before_its_first_array_is_missed(tmp_path, capfd, environment):
    program = tmp_path / "early.py"
    program.write_text(
        "import sys, gluonx as mx\n"
        "kv = mx.kv.create('dist_sync')\n"
        "sys.exit() if kv.rank == 1 else mx.nd.ones((1,))\n"  # JAX would wait for ever
    )
    status, _, err = launched(capfd, "-n", 2, program)
    assert status == 1
    assert re.search(
        r"MXNetError: to find devices needs all workers, but worker 1 .* has come", err
    )


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_failing_worker_of_mpirun_or_srun_ends_all(tmp_path, environment, monkeypatch):
    monkeypatch.setenv("GLUONX_PEER_TIMEOUT", "8")
    call = [sys.executable, WORKERS, str(tmp_path), "6", "raise", "1", "2"]
    told = "MXNetError: Trainer.step() needs all workers, but worker 1 "
    slurm = {
        "SLURM_STEP_ID": "0", "SLURM_NTASKS": "2", "SLURM_JOB_ID": str(os.getpid()),
        "SLURM_STEP_NUM_NODES": "1",
    }  # fmt: skip
    processes = [
        subprocess.Popen(
            call, env={**os.environ, **slurm, "SLURM_PROCID": str(k)}, stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL, text=True,
        )
        for k in range(2)
    ]  # fmt: skip
    texts = [p.communicate(timeout=150)[1] for p in processes]
    assert [p.returncode for p in processes] == [1, 1]
    assert told in texts[0] and "it ended with ValueError: oops" in texts[0]
    if shutil.which("mpirun") is None:
        pytest.skip("there is no mpirun")
    mpirun = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "3"]
    done = subprocess.run([*mpirun, *call], capture_output=True, text=True, timeout=150)
    assert done.returncode == 1, done.stderr
    # it may end the others before they have said what they miss
    assert "ValueError: oops" in done.stderr and "Process name: [" in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_workers_that_look_at_different_things_train_the_same(
    tmp_path, capfd, environment, monkeypatch
):
    program = str(Path(__file__).with_name("workers_apart.py"))
    monkeypatch.setenv("JAX_NUM_CPU_DEVICES", "2")
    for n, devices in [(1, 1), (4, 1), (2, 2)]:
        status, _, err = launched(capfd, "-n", n, program, tmp_path, devices)
        assert status == 0, err
    alone = np.load(tmp_path / "apart-0-of-1.npz")
    for n in (2, 4):
        workers = [np.load(tmp_path / f"apart-{r}-of-{n}.npz") for r in range(n)]
        for name, weights in alone.items():
            np.testing.assert_allclose(workers[0][name], weights, rtol=1e-4, atol=1e-5)
            for other in workers[1:]:
                np.testing.assert_array_equal(other[name], workers[0][name])


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_files_are_written_once_and_nobody_waits_for_who_does_not_save(
    tmp_path, capfd, environment
):
    program = str(Path(__file__).with_name("workers_files.py"))
    status, out, err = launched(capfd, "-n", 2, program, tmp_path)
    assert status == 0, err
    assert out.count("done") == 2


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_stores_of_several_processes_add_up(tmp_path, capfd, environment):
    program = tmp_path / "stores.py"
    program.write_text(textwrap.dedent(STORES))
    status, out, err = launched(capfd, "-n", 2, program)
    assert status == 0, err
    assert out.count("done") == 2


STORES = """
    import os, sys
    import numpy as np
    import gluonx as mx
    from gluonx import nd

    folder = os.path.dirname(__file__)
    kv = mx.kv.create('dist_sync')
    r, n = kv.rank, kv.num_workers

    def pulled(kv, key, shape, **more):
        out = nd.zeros(shape, **more)
        kv.pull(key, out=out)
        return out.asnumpy().tolist()

    kv.init('a', nd.ones((2,)) * (r + 1))
    assert pulled(kv, 'a', (2,)) == [1, 1]  # that of worker 0
    kv.push('a', [nd.ones((2,)) * (r + 1)] * 2)
    assert pulled(kv, 'a', (2,)) == [6, 6]
    kv.init(['i', 'f'], [nd.zeros((2,), dtype='int64'), nd.zeros((), dtype='float64')])
    kv.push(['i', 'f'], [nd.array([2 ** 40, r], dtype='int64'), nd.array(1e-17, dtype='float64')])
    assert pulled(kv, 'i', (2,), dtype='int64') == [2 ** 41, 1]
    assert pulled(kv, 'f', (), dtype='float64') == 2e-17

    rows = nd.sparse.zeros('row_sparse', (4, 2))
    kv.init('s', rows)
    kv.push('s', nd.sparse.row_sparse_array((np.ones((1, 2), 'f'), [2 * r]), shape=(4, 2)))
    kv.pull('s', out=rows, ignore_sparse=False)
    assert rows.indices.asnumpy().tolist() == [0, 2]
    kv.row_sparse_pull('s', out=rows, row_ids=nd.array([2, 3]))
    assert rows.indices.asnumpy().tolist() == [2, 3] and rows.data.asnumpy().sum() == 2
    kv.init(['k1', 'k2'], [nd.zeros((2,))] * 2)
    kv.push(['k1', 'k2'], [[nd.ones((2,))] * 2, [nd.ones((2,)) * r]])
    outs = [[nd.zeros((2,)), nd.zeros((2,))], [nd.zeros((2,))]]
    kv.pull(['k1', 'k2'], out=outs)
    assert [x.asnumpy().tolist() for x in outs[0] + outs[1]] == [[4, 4], [4, 4], [1, 1]]

    horovod = mx.kv.create('horovod')
    assert (horovod.rank, horovod.num_workers) == (r, 2) and not horovod.is_capable('optimizer')
    outs = [nd.zeros((2,)), nd.zeros((2,))]
    horovod.broadcast('w', nd.ones((2,)) * (r + 5), out=outs)
    assert [x.asnumpy().tolist() for x in outs] == [[5, 5]] * 2
    horovod.pushpull('w', nd.ones((2,)) * (r + 1), out=outs)
    assert [x.asnumpy().tolist() for x in outs] == [[3, 3]] * 2
    own = nd.ones((2,)) * (r + 1)
    horovod.pushpull('w', own)
    assert own.asnumpy().tolist() == [3, 3]
    try:
        mx.kv.create('dist_async')
    except mx.MXNetError as e:
        assert "Use 'dist_sync'" in str(e)
    else:
        sys.exit('not refused')

    # an optimizer in the store: the states are worker 0's, in a file that only it has
    store = mx.kv.create('dist_sync')
    store.set_optimizer(mx.optimizer.SGD(learning_rate=0.5, momentum=0.5))
    store.init('w', nd.zeros((2,)))
    states = os.path.join(folder, 'store-states')
    store.push('w', nd.ones((2,)) * (r + 1))
    assert pulled(store, 'w', (2,)) == [-1.5, -1.5]
    if r == 0:
        store.save_optimizer_states(states)
    store.push('w', nd.ones((2,)))
    assert pulled(store, 'w', (2,)) == [-3.25, -3.25]
    store.load_optimizer_states(states if r == 0 else 'nowhere')
    store.push('w', nd.zeros((2,)))
    assert pulled(store, 'w', (2,)) == [-4, -4]  # the momentum after the first push
    store = mx.kv.create('dist_sync')
    store.set_updater(lambda key, pushed, stored: stored.__iadd__(2 * pushed))
    store.init(3, nd.ones((1,)))
    store.push(3, nd.ones((1,)))
    assert pulled(store, 3, (1,)) == [5]

    for kind, wanted in [('2bit', [[0, 1, -1], [1, 1, -1]]), ('fp16', [[0.6, 2.4, -1.2]] * 2)]:
        small = mx.kv.create('dist_device_sync')
        small.set_gradient_compression({'type': kind})
        small.init(0, nd.zeros((3,)))
        for sums in wanted:
            small.push(0, nd.array([0.3, 0.7 + r, -0.6]))
            np.testing.assert_allclose(pulled(small, 0, (3,)), sums, atol=2e-3)

    if r == 0:
        nd.save(folder + '/own', [nd.ones((2,))])
    copy = mx.kv.share_file(folder + '/own')
    assert nd.load(copy)[0].asnumpy().tolist() == [1, 1] and (copy == folder + '/own') == (r == 0)
    try:
        mx.kv.share_file(folder + '/none')
    except mx.MXNetError as e:
        assert 'none' in str(e)
    assert (mx.nd.random.uniform(shape=(1,)).asscalar() > 0)

    # a Trainer that compresses, or whose gradients are sparse
    def trained(params, **more):
        p = mx.gluon.Parameter('w', shape=(4, 1), init='ones', **params)
        p.initialize()
        t = mx.gluon.Trainer([p], 'sgd', {'learning_rate': 1.0}, kvstore='dist_sync', **more)
        found = []
        for step in range(2):
            with mx.autograd.record():
                x = nd.Embedding(nd.array([r]), p.data(), 4, 1, sparse_grad='grad_stype' in params)
                y = (x * 0.3).sum()
            y.backward()
            t.step(1)
            found.append(p.data().asnumpy().ravel().astype('d').round(3).tolist())
        return found

    assert trained({}) == [[0.7, 0.7, 1, 1], [0.4, 0.4, 1, 1]]
    assert trained({}, update_on_kvstore=True) == trained({})
    assert trained({'grad_stype': 'row_sparse'}) == trained({})
    two = {'type': '2bit', 'threshold': 0.5}
    assert trained({}, compression_params=two) == [[1, 1, 1, 1], [0.5, 0.5, 1, 1]]
    np.testing.assert_allclose(trained({}, compression_params={'type': 'fp16'}), trained({}),
                               atol=1e-3)

    # networks that differ are found at once
    p = mx.gluon.Parameter('w', shape=(2 + r,))
    p.initialize()
    try:
        mx.gluon.Trainer([p], 'sgd', kvstore=kv)
    except mx.MXNetError as e:
        assert 'different shapes' in str(e)
    else:
        sys.exit('not found')
    kv.barrier()
    print('done')
"""
