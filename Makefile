# A thin front over the presets. The two commands of the README: make demo, make test.
SHELL := /bin/bash
BUILD ?= build

.PHONY: help demo test build core asan tsan lint format e2e smoke parity bench clean

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make demo     install what is missing, build, fetch the demo's model and data, run the study
demo:
	deploy/bootstrap.sh demo
	cmake --preset release >/dev/null
	ninja -C $(BUILD)/release eidactl eida-coordinator eida-worker eida-runner
	$(BUILD)/release/bin/eidactl run deploy/examples/demo.yaml

## make test     install what is missing, build, run every test and lint
test:
	tests/run.sh

## make core     build and test without torch: the daily loop for server, agent and CLI
core:
	deploy/bootstrap.sh core
	cmake --preset core >/dev/null && ninja -C $(BUILD)/core && ctest --test-dir $(BUILD)/core --output-on-failure -j2

## make lint     layers, sizes, forbidden calls, format
lint:
	python3 tests/lint/lint.py

## make format   clang-format over everything
format:
	git ls-files '*.h' '*.cc' | xargs clang-format -i

## make e2e      the four binaries end to end, kill -9 included (some minutes)
e2e:
	deploy/bootstrap.sh test
	cmake --preset ci >/dev/null && ninja -C $(BUILD)/ci eidactl eida-coordinator eida-worker eida-runner
	ctest --test-dir $(BUILD)/ci -L e2e --output-on-failure

## make smoke    the papers' six sweeps at their smallest size, results checked (some minutes); KEEP=DIR leaves the project there
smoke:
	deploy/bootstrap.sh test
	cmake --preset ci >/dev/null && ninja -C $(BUILD)/ci eidactl eida-coordinator eida-worker eida-runner
	cd tests/e2e && EIDA_BIN=$(CURDIR)/$(BUILD)/ci/bin EIDA_SMOKE=$(abspath $(KEEP)) PYTHONDONTWRITEBYTECODE=1 python3 -m unittest -v smoke_papers

## make parity   compare with transformers and PEFT, live (installs them into .deps)
parity:
	deploy/bootstrap.sh demo
	deploy/parity/setup.sh
	tests/parity/run.sh

## make bench    benchmarks, with the peers in the same run
bench:
	tests/bench/run.sh

## make clean    remove what was built (what bootstrap fetched stays)
clean:
	rm -rf $(BUILD)
