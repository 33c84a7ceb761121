# The commands of this project. `make help` lists them. They need cargo, a C++ compiler, make and python3 >= 3.9.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# The python of the PyTorch side of `make bench`: one that has benches/pytorch/requirements.txt.
PYTHON ?= python3
export PYTHON

.PHONY: help setup demo test lint bench accuracy causes audit

help: ## list these commands
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

setup: ## fetch libtorch into .libtorch (once; yours is used where LIBTORCH or LIBTORCH_USE_PYTORCH is set)
	@setup/libtorch.sh

# Exit code 1 means that the network did not learn, which is what the demo is about; 2 and above are failures.
# `--resume`: an interrupted demo goes on where it was.
demo: setup ## build, and find out why the network of the question predicts the mean
	cargo build --locked
	@code=0; cargo run --locked --quiet -- diagnose fixtures/demo.toml --resume || code=$$?; test $$code -le 1

test: setup ## all tests
	python3 -B setup/test_libtorch.py
	@if cargo fmt --version >/dev/null 2>&1; then cargo fmt --check; else echo "rustfmt is not installed: formatting not checked"; fi
	cargo test --locked

# Not part of `make test`: clippy checks every dependency once more, 2.5 CPU minutes on a fresh machine.
lint: setup ## formatting, clippy with and without libtorch, documentation
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --all-targets --no-default-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

bench: setup ## what instruments cost, and our speed against PyTorch (PYTHON=... names a python with torch)
	cargo bench --locked --profile dev --bench step

# 2 cores need some minutes. `make accuracy ARGUMENTS="--help"` says what it can be asked.
accuracy: setup ## how often the verdict is right, on runs whose truth is known
	cargo bench --locked --profile dev --bench verdict -- $(ARGUMENTS)

# `make causes ARGUMENTS="--help"` says what it can be asked; repairs are an hour more.
causes: setup ## how often the right cause is named, on runs in which it was planted
	cargo bench --locked --profile dev --bench causes -- $(ARGUMENTS)

audit: ## licences and known vulnerabilities of all dependencies
	@if ! cargo deny --version >/dev/null 2>&1; then \
	  echo "cargo-deny is not installed: \`cargo install --locked cargo-deny\`, then run this again" >&2; exit 1; fi
	cargo deny --locked check
