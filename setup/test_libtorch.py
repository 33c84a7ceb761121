"""Tests of libtorch.sh and libtorch.py against a small package index on this machine: no network, a few seconds."""

import base64
import contextlib
import errno
import hashlib
import http.server
import io
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import libtorch  # noqa: E402  (it lies beside this file)

PLAN = json.loads((HERE / "wheels.json").read_text())
BLOCK_BYTES = 10_000
HEADER = "include/torch/csrc/api/include/torch/torch.h"


def noise(seed, length):
    return random.Random(seed + length).getrandbits(8 * length).to_bytes(length, "little")


def fake_wheel(wheel, members):
    """Bytes of a wheel, and the digest of its RECORD. Members are stored, so that places in the file are known."""
    stem = "{}-{}.dist-info".format(wheel["project"].replace("-", "_"), wheel["version"])
    files = dict(members)
    files[f"{stem}/METADATA"] = f"Metadata-Version: 2.1\nName: {wheel['project']}\nVersion: {wheel['version']}\n".encode()
    tag = "-".join(wheel["file"][: -len(".whl")].split("-")[2:])
    files[f"{stem}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    lines = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        lines.append(f"{name},sha256={digest},{len(content)}")
    record = "\n".join([*lines, f"{stem}/RECORD,,", ""]).encode()
    files[f"{stem}/RECORD"] = record
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue(), hashlib.sha256(record).hexdigest()


class Index:
    """A package index on the loopback that serves fake wheels, and misbehaves as told."""

    def __init__(self):
        self.contents = {
            "torch/lib/libtorch_cpu.so": noise(7, 150_000),
            "torch/lib/libtorch_cuda.so": noise(7, 400_000),
            "torch/lib/libtorch.so": noise(7, 500),
            "torch/lib/libc10.so": noise(7, 700),
            "torch/lib/libgomp.so.1": noise(7, 900),
            "torch/" + HEADER: b"#pragma once\n",
            "torch/include/other.h": b"// other\n",
            "torch/__init__.py": b"",
        }
        nvidia = {name: {f"nvidia/cu13/lib/{file}": noise(7, 3_000)} for name, file in (
            ("nvidia-cuda-runtime", "libcudart.so.13"), ("nvidia-cuda-cupti", "libcupti.so.13"))}
        self.plan = json.loads(json.dumps(PLAN))
        self.wheels = {}
        for wheel in self.plan["wheels"]:
            content = self.contents if wheel["project"] == "torch" else nvidia[wheel["project"]]
            self.wheels[wheel["file"]], wheel["record_sha256"] = fake_wheel(wheel, content)
        self.ranges, self.credentials, self.faults, self.pause_secs = True, None, [], 0.0
        self.etag = '"one"'
        self.asked, self.lock = [], threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def url(self, credentials=""):
        return f"http://{credentials}127.0.0.1:{self.server.server_port}/simple"

    def handler(index):
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self, status, body, headers=()):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(body)

            def do_GET(self):
                wanted = index.credentials and "Basic " + base64.b64encode(index.credentials.encode()).decode()
                if wanted and self.headers.get("Authorization") != wanted:
                    return self.answer(401, b"", [("WWW-Authenticate", 'Basic realm="index"')])
                project = re.fullmatch(r"/simple/([^/]+)/", self.path)
                if project:
                    files = [w["file"] for w in index.plan["wheels"] if w["project"] == project.group(1)]
                    links = "".join(f'<a href="../../files/{file}">{file}</a>' for file in files)
                    return self.answer(200, f"<html>{links}</html>".encode(), [("Content-Type", "text/html")])
                body = index.wheels.get(self.path.rpartition("/")[2])
                if body is None:
                    return self.answer(404, b"")
                span = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or "")
                first, last = (int(n) for n in span.groups()) if span else (0, len(body) - 1)
                with index.lock:
                    fault = index.faults.pop(0) if index.faults and last > 0 else None
                    if index.ranges and span and last > 0:
                        index.asked.append((self.path.rpartition("/")[2], first))
                time.sleep(index.pause_secs)
                if fault == "unavailable":
                    return self.answer(503, b"")
                if not (index.ranges and span):
                    return self.answer(200, body)
                part = body[first : last + 1]
                if fault == "truncated":
                    self.send_response(206)
                    self.send_header("Content-Length", str(len(part)))
                    self.end_headers()
                    self.wfile.write(part[: len(part) // 2])
                    self.close_connection = True
                    return None
                headers = [("Content-Range", f"bytes {first}-{last}/{len(body)}"), ("ETag", index.etag)]
                return self.answer(206, part, headers)

        return Handler


class Fetching(unittest.TestCase):
    def setUp(self):
        self.scratch = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.scratch)
        self.index = Index()
        self.addCleanup(self.index.server.server_close)
        self.addCleanup(self.index.server.shutdown)
        self.folder = self.scratch / ".libtorch"
        self.cache = self.scratch / ".libtorch.partial"

    def start(self, index_url=None, retry_secs=0.01):
        (self.scratch / "wheels.json").write_text(json.dumps(self.index.plan))
        environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("PIP_")}
        environment.update(PIP_INDEX_URL=index_url or self.index.url(), PIP_CONFIG_FILE=os.devnull, no_proxy="*")
        command = [sys.executable, str(HERE / "libtorch.py"), str(self.folder), "--wheels"]
        command += [str(self.scratch / "wheels.json"), "--block-bytes", str(BLOCK_BYTES), "--needed-bytes", "1"]
        command += ["--retry-secs", str(retry_secs)]
        return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def run_it(self, **arguments):
        process = self.start(**arguments)
        _, errors = process.communicate(timeout=60)
        return process.returncode, errors

    def assert_installed(self):
        found = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}
        libraries = ["libtorch_cpu.so", "libtorch.so", "libc10.so", "libgomp.so.1", "libcudart.so.13", "libcupti.so.13"]
        expected = {"build-version", HEADER, "include/other.h", *("lib/" + name for name in libraries)}
        self.assertEqual(found, expected)
        for name in ("lib/libtorch_cpu.so", HEADER):
            self.assertEqual((self.folder / name).read_bytes(), self.index.contents["torch/" + name])
        left = {path.name for path in self.scratch.iterdir()} - {"wheels.json", ".libtorch.lock"}
        self.assertEqual(left, {".libtorch"})

    def interrupt(self, blocks):
        """Starts a run and kills it, with no chance to tidy up, once this many blocks are on disk."""
        self.index.pause_secs = 0.02
        process = self.start()
        kept = lambda: [path for path in self.cache.glob("torch-*/*") if path.suffix == ""]
        while len(kept()) < blocks:
            self.assertIsNone(process.poll(), "it ended before it could be killed")
            time.sleep(0.005)
        process.kill()
        process.communicate()
        self.index.pause_secs = 0.0
        self.assertFalse(self.folder.exists())
        before, self.index.asked = self.index.asked, []
        return kept(), before

    def test_only_what_is_needed_is_fetched_and_only_once(self):
        code, errors = self.run_it()
        self.assertEqual(code, 0, errors)
        self.assert_installed()
        size = len(self.index.wheels[PLAN["wheels"][0]["file"]])
        torch = [first for file, first in self.index.asked if file.startswith("torch")]
        self.assertEqual(len(torch), len(set(torch)), "a block was fetched twice")
        self.assertLess(len(torch) * BLOCK_BYTES, size / 2)
        self.index.asked = []
        self.assertEqual(self.run_it()[0], 0)
        self.assertEqual(self.index.asked, [])

    def test_a_killed_run_goes_on_where_it_was(self):
        kept, _ = self.interrupt(blocks=8)
        code, errors = self.run_it()
        self.assertEqual(code, 0, errors)
        self.assertIn("from an earlier run", errors)
        again = {first // BLOCK_BYTES for file, first in self.index.asked if file.startswith("torch")}
        self.assertEqual(again & {int(path.name) for path in kept}, set())
        self.assertTrue(again)
        self.assert_installed()

    def test_a_damaged_block_is_fetched_again_and_no_other(self):
        kept, _ = self.interrupt(blocks=8)
        damaged, torn = sorted(kept, key=lambda path: int(path.name))[1:3]
        damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
        torn.write_bytes(torn.read_bytes()[:100])
        code, errors = self.run_it()
        self.assertEqual(code, 0, errors)
        again = {first // BLOCK_BYTES for file, first in self.index.asked if file.startswith("torch")}
        self.assertEqual(again & {int(path.name) for path in kept}, {int(damaged.name), int(torn.name)})
        self.assert_installed()

    def test_blocks_that_were_wrong_from_the_start_lead_to_one_clean_download(self):
        kept, _ = self.interrupt(blocks=8)
        for path in kept:
            wrong = bytes(len(path.read_bytes()) - libtorch.DIGEST_BYTES)
            path.write_bytes(hashlib.sha256(wrong).digest() + wrong)
        code, errors = self.run_it()
        self.assertEqual(code, 0, errors)
        self.assertEqual(errors.count("fetching it again"), 1)
        self.assert_installed()

    def test_a_changed_wheel_does_not_get_old_blocks(self):
        kept, _ = self.interrupt(blocks=8)
        self.index.etag = '"two"'
        file = PLAN["wheels"][0]["file"]
        self.index.contents["torch/lib/libtorch_cpu.so"] = noise(8, 150_000)
        self.index.wheels[file], self.index.plan["wheels"][0]["record_sha256"] = fake_wheel(
            PLAN["wheels"][0], self.index.contents)
        code, errors = self.run_it()
        self.assertEqual(code, 0, errors)
        again = {first // BLOCK_BYTES for file, first in self.index.asked if file.startswith("torch")}
        self.assertLessEqual({int(path.name) for path in kept}, again)
        self.assertNotIn("fetching it again", errors)
        self.assert_installed()

    def test_a_wheel_that_is_not_the_pinned_one_is_refused(self):
        self.index.plan["wheels"][0]["record_sha256"] = "0" * 64
        code, errors = self.run_it()
        self.assertEqual(code, 1)
        self.assertRegex(errors, "error: the download is damaged: .*RECORD is not the one")
        self.assertIn("help: ", errors)
        self.assertFalse(self.folder.exists() or self.cache.exists())

    def test_a_wrong_member_is_refused(self):
        file = PLAN["wheels"][0]["file"]
        whole = bytearray(self.index.wheels[file])
        at = whole.index(self.index.contents["torch/lib/libtorch_cpu.so"])
        whole[at] ^= 1
        self.index.wheels[file] = bytes(whole)
        code, errors = self.run_it()
        self.assertEqual(code, 1)
        self.assertIn("error: the download is damaged", errors)
        self.assertFalse(self.folder.exists() or self.cache.exists())

    def test_a_flaky_line_is_tried_again(self):
        self.index.faults = ["unavailable", "truncated", "unavailable", "truncated"]
        code, errors = self.run_it()
        self.assertEqual(code, 0, errors)
        self.assertNotIn("whole wheels", errors)
        self.assert_installed()

    def test_an_index_without_ranges_leads_to_the_whole_wheels(self):
        self.index.ranges = False
        code, errors = self.run_it()
        self.assertEqual(code, 0, errors)
        self.assertIn("taking the whole wheels through pip", errors)
        self.assert_installed()

    def test_credentials_of_the_index_are_used_and_never_printed(self):
        self.index.credentials = "me:p@ss word"
        code, errors = self.run_it(index_url=self.index.url("me:p%40ss%20word@"))
        self.assertEqual(code, 0, errors)
        self.assertNotIn("whole wheels", errors)
        self.assertNotIn("p@ss", errors + errors.replace("%40", "@"))
        self.assert_installed()

    def test_two_runs_at_the_same_time_fetch_once(self):
        self.index.pause_secs = 0.01
        both = [self.start(), self.start()]
        for process in both:
            _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, errors)
        self.assertEqual(len(self.index.asked), len(set(self.index.asked)))
        self.assert_installed()

    def test_no_network_is_said_with_the_next_step(self):
        with contextlib.closing(socket.socket()) as taken:
            taken.bind(("127.0.0.1", 0))  # bound but not listening: nobody else gets the port, and nobody answers
            code, errors = self.run_it(index_url=f"http://127.0.0.1:{taken.getsockname()[1]}/simple")
        self.assertEqual(code, 1)
        self.assertRegex(errors, "error: the package index cannot be reached: .*\nhelp: check the network")
        self.assertFalse(self.folder.exists() or self.folder.with_name(".libtorch.new").exists())

    def test_a_half_made_folder_is_replaced(self):
        self.folder.mkdir()
        (self.folder / "lib").mkdir()
        (self.folder / "lib" / "stale").write_text("?")
        code, errors = self.run_it()
        self.assertEqual(code, 0, errors)
        self.assert_installed()

    def test_a_full_disk_is_said_with_the_next_step(self):
        trouble = libtorch.explain(OSError(errno.ENOSPC, "No space left on device"), self.folder)
        self.assertIn("the disk is full: libtorch needs 700 MB", str(trouble))
        self.assertIn("free some space", trouble.help_line)
        other = libtorch.explain(PermissionError(errno.EACCES, "Permission denied", "x"), self.folder)
        self.assertEqual(str(other), "x: Permission denied")


class Choosing(unittest.TestCase):
    """What libtorch.sh decides before anything is fetched, with stand-ins for the programs it asks."""

    def setUp(self):
        self.scratch = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.scratch)
        (self.scratch / "setup").mkdir()
        shutil.copy(HERE / "libtorch.sh", self.scratch / "setup")
        self.programs = self.scratch / "programs"
        self.programs.mkdir()
        for name in ("bash", "dirname", "uname"):
            (self.programs / name).symlink_to(shutil.which(name))

    def program(self, name, body):
        path = self.programs / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!{shutil.which('bash')}\n{body}\n")
        path.chmod(0o755)

    def run_it(self, **environment):
        ran = subprocess.run(
            [str(self.programs / "bash"), str(self.scratch / "setup" / "libtorch.sh")],
            env={"PATH": str(self.programs), **environment}, capture_output=True, text=True, timeout=20)
        return ran.returncode, ran.stdout, ran.stderr

    def libtorch(self, folder, version=None):
        for name in PLAN["complete"]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        if version:
            (folder / "build-version").write_text(version + "\n")
        return str(folder)

    def test_a_finished_folder_is_kept(self):
        self.libtorch(self.scratch / ".libtorch", PLAN["version"])
        code, out, errors = self.run_it()
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("already there", out)

    def test_libtorch_of_the_user_is_checked(self):
        own = self.scratch / "own"
        code, _, errors = self.run_it(LIBTORCH=str(own))
        self.assertEqual(code, 1)
        self.assertIn("which holds no libtorch\nhelp: ", errors)
        self.assertEqual(self.run_it(LIBTORCH=self.libtorch(own))[0], 0)
        self.assertEqual(self.run_it(LIBTORCH=self.libtorch(own, "2.13.0+cu130"))[0], 0)
        code, _, errors = self.run_it(LIBTORCH=self.libtorch(own, "2.11.0"))
        self.assertEqual(code, 1)
        self.assertIn("is version 2.11.0, but tch 0.26 wants 2.13.0\nhelp: ", errors)
        self.assertEqual(self.run_it(LIBTORCH=str(own), LIBTORCH_BYPASS_VERSION_CHECK="1")[0], 0)

    def test_torch_of_python_is_checked(self):
        self.program("python3", "echo 2.13.0+cu130")
        code, out, _ = self.run_it(LIBTORCH_USE_PYTORCH="1", LIBTORCH="/nowhere")
        self.assertEqual(code, 0)
        self.assertIn("2.13.0+cu130", out)
        self.program("python3", "echo 2.9.1")
        self.assertEqual(self.run_it(LIBTORCH_USE_PYTORCH="1")[0], 1)
        self.program("python3", "exit 1")
        code, _, errors = self.run_it(LIBTORCH_USE_PYTORCH="1")
        self.assertEqual(code, 1)
        self.assertIn("cannot import torch\nhelp: pip install torch==2.13.0", errors)

    def test_other_platforms_and_a_missing_python_are_told_what_to_do(self):
        self.program("uname", "echo Linux x86_64")
        code, _, errors = self.run_it()
        self.assertEqual(code, 1)
        self.assertIn("python3 is needed to fetch libtorch", errors)
        self.program("uname", "echo Darwin arm64")
        code, _, errors = self.run_it()
        self.assertEqual(code, 1)
        self.assertIn("this is Darwin arm64\nhelp: pip install torch==2.13.0", errors)

    def test_the_version_is_the_one_that_tch_wants(self):
        script = re.search(r"^version=(\S+)", (HERE / "libtorch.sh").read_text(), re.MULTILINE).group(1)
        self.assertEqual(script, PLAN["version"])
        manifest = (HERE.parent / "Cargo.toml").read_text()
        self.assertIn('tch = { version = "=0.26.0"', manifest, "tch moved: look up the libtorch that it wants")
        requirements = (HERE.parent / "benches" / "pytorch" / "requirements.txt").read_text()
        self.assertIn("torch==" + PLAN["version"], requirements)


if __name__ == "__main__":
    unittest.main()
