"""Puts the parts of libtorch that whymean needs into a folder.

    libtorch.py FOLDER [--wheels wheels.json] [--block-bytes N] [--retry-secs S]

The wheels that pip would take are zip files, and most of them is CUDA. So only the members that are needed are read,
by HTTP range, in blocks that are kept in FOLDER.partial until all is done: an interrupted run goes on where it was.
Where the index serves no ranges, pip fetches the whole wheels. wheels.json pins the wheels: the digest of each one's
RECORD, and through it the digest of each member. Needs python3 >= 3.8 and nothing else. See docs/why.md.
"""

import argparse
import ast
import base64
import contextlib
import csv
import errno
import fcntl
import hashlib
import html.parser
import http.client
import io
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from pathlib import Path

BLOCK_BYTES = 8 << 20  # large enough that latency does not matter, small enough that little is lost on a broken line
RETRY_SECS = 1.0  # doubled at each retry
ATTEMPTS = 5
DIGEST_BYTES = hashlib.sha256().digest_size
# Unpacked libtorch (490 MB) and the blocks it is read from (150 MB) exist side by side for a moment.
NEEDED_BYTES = 700_000_000
TRANSIENT_STATUS = {408, 425, 429, 500, 502, 503, 504}
TRANSIENT = (ConnectionError, TimeoutError, http.client.HTTPException, urllib.error.URLError, ssl.SSLError)
OWN_LIBTORCH = "or point LIBTORCH at a libtorch {version} of your own"


class Trouble(Exception):
    """What went wrong, and the next thing that the reader can do."""

    def __init__(self, message, help_line):
        super().__init__(message)
        self.help_line = help_line


class NoRanges(Exception):
    """The wheels cannot be read in parts; pip may still get them whole."""


class Corrupt(Exception):
    """What was read is not what was pinned."""


def say(line):
    print(line, file=sys.stderr, flush=True)


class Progress:
    """One line that is rewritten, when somebody is there to see it."""

    def __init__(self, what):
        self.what, self.done, self.total, self.shown = what, 0, 0, False

    def start(self, total, done, earlier):
        self.total, self.done = total, done
        if earlier:
            say(f"{self.what}: {earlier / 1e6:.0f} of {total / 1e6:.0f} MB are here from an earlier run")
        elif not sys.stderr.isatty():
            say(f"{self.what}: fetching {total / 1e6:.0f} MB")

    def add(self, count):
        self.done += count
        if sys.stderr.isatty() and self.total:
            self.shown = True
            line = f"\r{self.what}: {self.done / 1e6:4.0f} of {self.total / 1e6:.0f} MB"
            print(line, end="", file=sys.stderr, flush=True)

    def end(self):
        if self.shown:
            self.shown = False
            say("")


class Pip:
    """The pip of this python, or of a throw-away environment where python comes without one."""

    def __init__(self, scratch):
        self.scratch, self._python = scratch, None

    def python(self):
        if self._python is None:
            self._python = sys.executable
            if self._run("--version").returncode != 0:
                folder = self.scratch / "venv"
                made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], capture_output=True)
                if made.returncode != 0:
                    raise Trouble(
                        "python3 has neither `pip` nor `venv`, so it is not known where packages come from",
                        "install one (Debian, Ubuntu: `apt install python3-pip`), or set PIP_INDEX_URL, "
                        + OWN_LIBTORCH,
                    )
                self._python = str(folder / "bin" / "python")
        return self._python

    def _run(self, *arguments):
        command = [self._python, "-m", "pip", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "COLUMNS": "1000"})

    def run(self, *arguments):
        self.python()
        return self._run(*arguments)

    def settings(self):
        """Settings of `pip download` by name; pip itself merges environment and files, so it is asked."""
        if os.environ.get("PIP_INDEX_URL"):
            names = ("index-url", "cert", "proxy")
            asked = {name: os.environ.get("PIP_" + name.replace("-", "_").upper()) for name in names}
            return {name: value for name, value in asked.items() if value}
        merged = {}
        lines = re.findall(r"^(global|download|:env:)\.(\S+?)=(.+)$", self.run("config", "list").stdout, re.MULTILINE)
        for section in ("global", "download", ":env:"):  # weakest first
            for at, name, value in lines:
                if at == section:
                    merged[name] = ast.literal_eval(value)
        if not merged.get("index-url"):
            said = re.search(r"\(default\s+(https?://[^)\s]+)\)", self.run("download", "--help").stdout)
            if said is None:
                raise Trouble("pip does not say which package index it uses", "set PIP_INDEX_URL, " + OWN_LIBTORCH)
            merged["index-url"] = said.group(1)
        return merged

    def download(self, wheels, folder):
        # `pip download` installs nothing, so an "externally managed" python does not refuse; platform and version are
        # named so that any python takes the wheels that are pinned.
        platforms = {tag for wheel in wheels for tag in wheel["file"][: -len(".whl")].split("-")[-1].split(".")}
        command = [self.python(), "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
        command += ["--disable-pip-version-check", "--python-version", "3.11", "--implementation", "cp"]
        command += ["--abi", "cp311", "--abi", "none"]
        command += [part for tag in sorted(platforms) for part in ("--platform", tag)]
        command += [f"{wheel['project']}=={wheel['version']}" for wheel in wheels]
        if subprocess.run(command, stdout=sys.stderr).returncode != 0:
            raise Trouble(
                "pip could not download the wheels of libtorch; its own message is above",
                "check the network and pip's settings (`pip config list`) and run this again, " + OWN_LIBTORCH,
            )


class Web:
    """GET with retries, the credentials of the index, and the certificates that pip would trust."""

    def __init__(self, settings, retry_secs):
        self.retry_secs = retry_secs
        index = urllib.parse.urlsplit(settings["index-url"])
        # Credentials are sent to the host they were given for, never on a redirect to another, and never printed.
        host = index.netloc.rpartition("@")[2]
        self.index = urllib.parse.urlunsplit((index.scheme, host, index.path.rstrip("/"), "", ""))
        passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
        if index.username is not None:
            user, password = (urllib.parse.unquote(part or "") for part in (index.username, index.password))
            passwords.add_password(None, f"{index.scheme}://{host}/", user, password, is_authenticated=True)
        trust = ssl.create_default_context()
        for place in (settings.get("cert"), os.environ.get("REQUESTS_CA_BUNDLE"), os.environ.get("CURL_CA_BUNDLE")):
            if place and os.path.exists(place):
                trust.load_verify_locations(**{"capath" if os.path.isdir(place) else "cafile": place})
        proxy = settings.get("proxy")
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({"http": proxy, "https": proxy} if proxy else None),
            urllib.request.HTTPSHandler(context=trust),
            urllib.request.HTTPBasicAuthHandler(passwords),
        )

    def get(self, url, first=None, last=None):
        """Body, headers and final address; with `first` and `last` exactly those bytes, or `NoRanges`."""
        headers = {} if first is None else {"Range": f"bytes={first}-{last}"}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.opener.open(urllib.request.Request(url, headers=headers), timeout=60) as answer:
                    if first is not None and answer.status != 206:
                        raise NoRanges("the index serves no byte ranges")  # before its body: that is the whole wheel
                    body = answer.read()
                    if first is not None and len(body) != last - first + 1:
                        raise http.client.IncompleteRead(body, last - first + 1 - len(body))
                    return body, answer.headers, answer.url
            except urllib.error.HTTPError as error:
                error.close()
                if error.code not in TRANSIENT_STATUS or attempt == ATTEMPTS:
                    raise NoRanges(f"the index answered {error.code} {error.reason}") from error
            except TRANSIENT as error:
                cause = getattr(error, "reason", error)
                if isinstance(cause, ssl.SSLCertVerificationError):
                    raise NoRanges("the index's certificate is not trusted (PIP_CERT names a certificate file)") from error
                if attempt == ATTEMPTS:
                    raise Trouble(
                        f"the package index cannot be reached: {cause}",
                        "check the network (behind a proxy: set https_proxy) and run this again: what was fetched is kept, "
                        + OWN_LIBTORCH,
                    ) from error
            time.sleep(self.retry_secs * 2 ** (attempt - 1))
        raise AssertionError("the last attempt returns or raises")

    def link(self, wheel):
        """Address of a wheel, from the index's page of the project."""
        body, _, page = self.get(f"{self.index}/{wheel['project']}/")
        links = []
        parser = html.parser.HTMLParser()
        parser.handle_starttag = lambda tag, attributes: links.append(dict(attributes).get("href") or "")
        parser.feed(body.decode("utf-8", "replace"))
        for link in links:
            address = urllib.parse.urljoin(page, link).partition("#")[0]
            if urllib.parse.unquote(address).endswith("/" + wheel["file"]):
                return address
        raise NoRanges(f"the index's page of `{wheel['project']}` does not list {wheel['file']}")


class RemoteWheel(io.RawIOBase):
    """A wheel on the web as a seekable file, read in blocks that are kept on disk.

    A block's file begins with the digest of the rest, so a torn or damaged one is fetched again.
    """

    def __init__(self, web, wheel, cache, block_bytes, progress):
        self.web, self.block_bytes, self.progress = web, block_bytes, progress
        self.url = web.link(wheel)
        _, headers, _ = web.get(self.url, 0, 0)
        try:
            self.size = int(headers["Content-Range"].rpartition("/")[2])
        except (TypeError, ValueError) as error:
            raise NoRanges("the index does not say how large the wheel is") from error
        self.position, self.at, self.block = 0, None, b""
        self.fetched = set()
        # Blocks of another file, or of another state of it, are never mixed with these.
        identity = f"{self.url}\n{self.size}\n{headers.get('ETag', '')}\n{block_bytes}"
        stem = wheel["project"] + "-"
        self.folder = cache / (stem + hashlib.sha256(identity.encode()).hexdigest()[:16])
        for other in cache.glob(stem + "?" * 16):
            if other != self.folder:
                shutil.rmtree(other)
        self.folder.mkdir(parents=True, exist_ok=True)

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.position

    def seek(self, offset, whence=io.SEEK_SET):
        self.position = offset + (0, self.position, self.size)[whence]
        return self.position

    def readinto(self, buffer):
        if self.position >= self.size:
            return 0
        number, start = divmod(self.position, self.block_bytes)
        if number != self.at:
            self.block, self.at = self.load(number), number
        part = self.block[start : start + len(buffer)]
        buffer[: len(part)] = part
        self.position += len(part)
        return len(part)

    def load(self, number):
        path = self.folder / str(number)
        if path.exists():
            kept = path.read_bytes()
            if hashlib.sha256(kept[DIGEST_BYTES:]).digest() == kept[:DIGEST_BYTES]:
                return kept[DIGEST_BYTES:]
        first = number * self.block_bytes
        body, _, _ = self.web.get(self.url, first, min(first + self.block_bytes, self.size) - 1)
        unfinished = path.with_suffix(".new")
        unfinished.write_bytes(hashlib.sha256(body).digest() + body)
        os.replace(unfinished, path)
        self.fetched.add(number)
        self.progress.add(len(body))
        return body

    def sizes(self, members):
        """Bytes of the blocks that hold these members: of all, of those on disk, of those from an earlier run."""
        numbers = set()
        for member in members:
            # The local header repeats the name and has an extra field whose length only it knows: 64 KiB at most.
            end = member.header_offset + 30 + len(member.filename) + member.compress_size
            numbers.update(range(member.header_offset // self.block_bytes, end // self.block_bytes + 1))
        on_disk = {number for number in numbers if (self.folder / str(number)).exists()}
        return tuple(
            sum(min(self.block_bytes, self.size - number * self.block_bytes) for number in some)
            for some in (numbers, on_disk, on_disk - self.fetched)
        )


def wanted(archive, wheel):
    pattern = re.compile(wheel["members"])
    return sorted((m for m in archive.infolist() if pattern.fullmatch(m.filename)), key=lambda m: m.header_offset)


def digests(archive, wheel):
    """Digest of each member, from the wheel's RECORD, which itself is pinned."""
    name = "{}-{}.dist-info/RECORD".format(wheel["project"].replace("-", "_"), wheel["version"])
    try:
        record = archive.read(name)
    except KeyError as error:
        raise Corrupt(f"{wheel['file']} has no RECORD") from error
    if hashlib.sha256(record).hexdigest() != wheel["record_sha256"]:
        raise Corrupt(f"{wheel['file']}: RECORD is not the one that setup/wheels.json pins")
    return {row[0]: row[1] for row in csv.reader(record.decode().splitlines()) if len(row) > 1}


def unpack(archive, wheel, target):
    """Writes the wanted members below `target`, each checked against its digest."""
    sums = digests(archive, wheel)
    for member in wanted(archive, wheel):
        # Names are from a pinned RECORD: none of them leads out of `target`.
        place = target / member.filename[len(wheel["strip"]) :]
        place.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with archive.open(member) as source, open(place, "wb") as sink:
            while chunk := source.read(1 << 20):
                digest.update(chunk)
                sink.write(chunk)
        encoded = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
        if sums.get(member.filename) != "sha256=" + encoded:
            raise Corrupt(f"{member.filename} in {wheel['file']} has the wrong checksum")


def by_ranges(plan, cache, target, options):
    progress = Progress(f"libtorch {plan['version']}")
    with contextlib.ExitStack() as stack:
        stack.callback(progress.end)
        web = Web(Pip(cache).settings(), options.retry_secs)
        remotes = []
        for wheel in plan["wheels"]:
            remote = RemoteWheel(web, wheel, cache, options.block_bytes, progress)
            archive = stack.enter_context(zipfile.ZipFile(io.BufferedReader(remote, 1 << 16)))
            remotes.append((wheel, remote, archive))
        sizes = [remote.sizes(wanted(archive, wheel)) for wheel, remote, archive in remotes]
        progress.start(*(sum(column) for column in zip(*sizes)))
        for wheel, _, archive in remotes:
            unpack(archive, wheel, target)


def by_pip(plan, cache, target):
    folder = cache / "wheels"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [wheel for wheel in plan["wheels"] if not (folder / wheel["file"]).exists()]
    if missing:
        Pip(cache).download(missing, folder)
    for wheel in plan["wheels"]:
        if not (folder / wheel["file"]).exists():
            raise Trouble(f"pip did not bring {wheel['file']}", "check which index pip uses, " + OWN_LIBTORCH)
        with zipfile.ZipFile(folder / wheel["file"]) as archive:
            unpack(archive, wheel, target)


def twice(method, cache, target):
    """Runs `method`; what was damaged on the way here, or kept from an earlier run, is fetched once more from scratch."""
    for last_try in (False, True):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        cache.mkdir(parents=True, exist_ok=True)
        try:
            return method()
        except (Corrupt, zipfile.BadZipFile, zlib.error, EOFError) as error:
            shutil.rmtree(cache, ignore_errors=True)
            if last_try:
                raise Trouble(
                    f"the download is damaged: {error}",
                    "the package index or a proxy on the way hands out something else; use another index "
                    "(PIP_INDEX_URL), " + OWN_LIBTORCH,
                ) from error
            say(f"{error}: fetching it again")


def complete(folder, plan):
    """Whether `folder` is a finished libtorch: `build-version` is written last."""
    version = folder / "build-version"
    return version.is_file() and version.read_text().strip() == plan["version"] and all(
        (folder / name).is_file() for name in plan["complete"]
    )


@contextlib.contextmanager
def only_one(path):
    """Holds a lock that the kernel releases, however this process ends."""
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up of libtorch is running: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fetch(plan, cache, target, options):
    try:
        twice(lambda: by_ranges(plan, cache, target, options), cache, target)
    except NoRanges as why:
        say(f"{why}: taking the whole wheels through pip")
        twice(lambda: by_pip(plan, cache, target), cache, target)
    (target / "build-version").write_text(plan["version"] + "\n")
    if not complete(target, plan):
        raise Trouble("the wheels do not hold what a libtorch needs", "report this: setup/wheels.json is wrong")


def install(folder, plan, options):
    cache, fresh, lock = (folder.with_name(folder.name + suffix) for suffix in (".partial", ".new", ".lock"))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with only_one(lock):
        if complete(folder, plan):
            return  # the run that was waited for has done it
        shutil.rmtree(fresh, ignore_errors=True)  # of a run that was killed
        present = sum(file.stat().st_size for file in cache.rglob("*") if file.is_file()) if cache.exists() else 0
        if shutil.disk_usage(folder.parent).free + present < options.needed_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        try:
            fetch(plan, cache, fresh, options)
            if folder.exists():
                shutil.rmtree(folder)
            os.rename(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)  # a full disk is not made fuller; the blocks stay
        shutil.rmtree(cache)


def explain(error, folder):
    """Turns what the file system refused into a message with a next step."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Trouble(
            f"the disk is full: libtorch needs {NEEDED_BYTES / 1e6:.0f} MB free in {folder.parent}",
            "free some space and run this again: what was fetched is kept, " + OWN_LIBTORCH,
        )
    return Trouble(f"{error.filename or folder}: {error.strerror or error}", "mend that and run this again, " + OWN_LIBTORCH)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--wheels", type=Path, default=Path(__file__).with_name("wheels.json"))
    parser.add_argument("--block-bytes", type=int, default=BLOCK_BYTES)
    parser.add_argument("--retry-secs", type=float, default=RETRY_SECS)
    parser.add_argument("--needed-bytes", type=int, default=NEEDED_BYTES)
    options = parser.parse_args()
    plan = json.loads(options.wheels.read_text())
    folder = Path(os.path.abspath(options.folder))
    try:
        try:
            install(folder, plan, options)
        except OSError as error:
            raise explain(error, folder) from error
    except Trouble as trouble:
        say(f"error: {trouble}\nhelp: {trouble.help_line.format(version=plan['version'])}")
        return 1
    except KeyboardInterrupt:
        say("\ninterrupted: run this again and it goes on from here")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
