# Yingda: `make run` serves, `make test` tests. Both set up what is missing; what is fetched is kept in $(YINGDA_CACHE).

GO     ?= go
PYTHON ?= python3
BIN    := bin/yingda
DATA   ?= ../shared/service-dev
DATASETS ?= ../shared/datasets
ENCODER  ?= $(or $(YINGDA_ENCODER),../shared/encoders/multilingual-e5-small-zh-en)
ARGS   ?=

# With the tag, DuckDB hands results over as Arrow without copying them; without it everything works, only slower.
export GOFLAGS ?= -tags=duckdb_arrow

# The same folder as the Go code takes (os.UserCacheDir), so that make and yingda share it.
ifeq ($(shell uname -s),Darwin)
export YINGDA_CACHE ?= $(HOME)/Library/Caches/yingda
else
export YINGDA_CACHE ?= $(or $(XDG_CACHE_HOME),$(if $(HOME),$(HOME)/.cache,/tmp))/yingda
endif
VENV := $(YINGDA_CACHE)/venv

.DEFAULT_GOAL := help
.PHONY: recalibrate help run setup build test test-all race oracle fuzz public lint golden generate bench bench-train bench-turns bench-ingest stress-analytics bench-experiments check-stats bench-values stress-turns transcript bench-knowledge bench-mine bench-parse-log eval eval-dialogs eval-values train embed heads models curve bench-quality clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-13s %s\n", $$1, $$2 }'

run: setup ## set up, then serve at http://127.0.0.1:8080 with a demo shop (ARGS="--addr 127.0.0.1:9000" adds flags)
	$(BIN) serve --demo $(ARGS)

setup: build ## build, and find or fetch ONNX Runtime
	@$(BIN) setup

build: ## build bin/yingda (with the flags of go test, so that both share compiled packages)
	$(GO) build -o $(BIN) ./cmd/yingda

test: setup ## run all tests, under 10 minutes on 2 cores
	$(GO) test -timeout 10m ./...

test-all: race oracle fuzz public ## also the race detector, the tokenizer's oracle, the swap stress, 30 s a fuzz target, all public texts

race: setup
	YINGDA_STRESS=1 $(GO) test -race -shuffle=on -timeout 60m ./...

oracle: setup $(VENV)/oracle $(VENV)/notebooks $(VENV)/engines
	YINGDA_ANALYTICS_PYTHON=$(VENV)/notebooks/bin/python YINGDA_ENGINES_PYTHON=$(VENV)/engines/bin/python YINGDA_ORACLE_PYTHON=$(VENV)/oracle/bin/python $(GO) test -count=1 -timeout 60m -run Oracle ./...

public: # every line of the public data sets through the finders of values
	YINGDA_STRESS=1 $(GO) test -count=1 -timeout 60m -v -run PublicTexts ./nlu/recognizer

fuzz: FUZZTIME ?= 30s
fuzz: setup
	.ci/fuzz $(FUZZTIME)

lint: ## gofmt, go vet
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt -w is needed for:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...

golden: setup ## rewrite the golden files of the tests
	.ci/golden

generate: ## run go generate
	$(GO) generate ./...

bench: setup $(VENV)/peers ## measure, beside the peers; rewrites the table of docs/benchmarks.md
	$(BIN) bench --python $(VENV)/peers/bin/python --out docs/benchmarks.md $(ARGS)

bench-turns: setup ## measure whole turns, waits and memory; rewrites the section "Conversations" of docs/benchmarks.md
	$(BIN) bench-turns --out docs/benchmarks.md $(ARGS)

stress-turns: setup ## kill the robot 50 times under load, and two that share a log: nothing is lost or doubled; some 10 minutes
	YINGDA_STRESS=1 $(GO) test -count=1 -timeout 30m -v -run '^(TestCrash|TestReplicas)$$' ./cmd/yingda

transcript: setup ## write docs/transcript.md, in Chinese and English, from real answers
	YINGDA_TRANSCRIPT=$(CURDIR)/docs/transcript.md $(GO) test -count=1 -timeout 10m -run '^TestWalk$$' ./cmd/yingda

bench-experiments: ## what experiments add to a turn, with work shared between variants and without ("alone")
	$(GO) test -run '^$$' -bench 'Assign|Turn' -benchtime 2000x ./dialogue/experiment

bench-parse-log: ## what noting texts that are only analysed adds to a request, and behind it
	$(GO) test -run '^$$' -bench 'Offer|Note' -benchtime 1000x ./dialogue/parses

bench-ingest: ## how many turns a second go from the log into the warehouse, step by step; make one of a million turns again
	$(GO) test -run '^$$' -bench 'Take|Bound' -benchtime 3s ./analytics/warehouse
	$(GO) test -run '^$$' -bench Ingest -benchtime 3s ./analytics/feed
	YINGDA_STRESS=1 $(GO) test -count=1 -timeout 20m -run '^TestRebuild$$' -v ./analytics/warehouse

stress-analytics: setup ## kill the robot or its analytics 100 times under load: what is counted equals the log; some 10 minutes
	YINGDA_STRESS=1 $(GO) test -count=1 -timeout 30m -v -run '^Test(Analytics|ParsesCrash)' ./cmd/yingda

check-stats: ## the statistics of experiments on 10,000 simulated ones each, and on the planted ones of the demo data
	$(GO) test -count=1 -timeout 20m -v -run '^TestSimulation' ./analytics/abtest
	YINGDA_STRESS=1 $(GO) test -count=1 -timeout 20m -v -run '^TestDemo$$' ./analytics/readout

bench-flight: $(VENV)/notebooks ## rows a second over Arrow Flight SQL, to a client in Go and to Python's ADBC driver
	YINGDA_ANALYTICS_PYTHON=$(VENV)/notebooks/bin/python $(GO) test -run '^$$' -bench Loopback -benchtime 5x ./analytics/flight

bench-report: TURNS ?= 10000000
bench-report: THREADS ?= 2
bench-report: MEMORY ?= 4GB
bench-report: ## time the reports on TURNS made-up messages, with THREADS and MEMORY (defaults 2, 4GB; those of a process are 1, 1GB): panels from roll-ups, every report over all messages, what goes to the disk
	YINGDA_BENCH_TURNS=$(TURNS) YINGDA_BENCH_THREADS=$(THREADS) YINGDA_BENCH_MEMORY=$(MEMORY) $(GO) test -count=1 -v -timeout 30m -run '^TestSpeed$$' ./analytics/report

bench-analytics: build $(VENV)/engines ## the same questions on the same 10 million turns: DuckDB, chDB, polars, pandas, Spark; rewrites its section of docs/benchmarks.md (ARGS="--turns 2000000")
	$(BIN) bench-analytics --python $(VENV)/engines/bin/python --out docs/benchmarks.md $(ARGS)

report-spark: build $(VENV)/engines ## ask Apache Spark (two workers; needs Java 17) the questions of the reports and compare with DuckDB (ARGS="--dir …"; default: demo data)
	$(MAKE) --no-print-directory same-answers ENGINE="spark --cluster" ARGS="$(ARGS)"

report-clickhouse: build $(VENV)/engines ## the same with ClickHouse, in-process
	$(MAKE) --no-print-directory same-answers ENGINE=clickhouse ARGS="$(ARGS)"

.PHONY: bench-report bench-flight bench-analytics report-spark report-clickhouse notebooks same-answers
same-answers: DEMO := build/demo-data
same-answers:
	$(if $(findstring --dir,$(ARGS)),,test -f $(DEMO)/demo/truth.json || $(BIN) demo-data --dir $(DEMO) --days 60 --turns-per-day 400)
	$(BIN) same-answers $(if $(findstring --dir,$(ARGS)),,--dir $(DEMO)) --python $(VENV)/engines/bin/python --engine $(ENGINE) $(ARGS)

notebooks: build $(VENV)/notebooks ## execute notebooks/ on demo data, headless; results in build/notebooks
	$(VENV)/notebooks/bin/python notebooks/run.py $(CURDIR)/$(BIN) build/notebooks $(ARGS)

bench-train: TORCH_PYTHON ?= /usr/bin/python3
bench-train: setup ## time training steps of ENCODER beside PyTorch (Debian: python3-torch libopenblas0-pthread; else TORCH_PYTHON=)
	@$(TORCH_PYTHON) -c 'import torch, numpy' || { echo "$(TORCH_PYTHON) has no torch: apt-get install python3-torch libopenblas0-pthread, or set TORCH_PYTHON"; exit 1; }
	$(BIN) bench-train --encoder $(ENCODER) --python $(TORCH_PYTHON) $(ARGS)

eval: setup ## measure the default bundle on DATA
	$(BIN) eval --data $(DATA) $(ARGS)

eval-dialogs: setup ## play the dialogs of the service pack, and measure the robot on the labelled conversations in DATA
	$(BIN) test --rates $(ARGS)
	$(if $(wildcard $(DATA)/dialogues-zh.jsonl),$(BIN) test --import $(DATA)/dialogues-zh.jsonl $(ARGS))

eval-values: build ## pass rates of the values on the specifications in DATASETS (ARGS="--only DateTime/Chinese --stats")
	$(BIN) eval-values --specs $(DATASETS)/recognizers_text --itn $(DATASETS)/nemo_itn --itn $(DATASETS)/wetext_itn $(ARGS)

bench-values: ## time the values on messages of 20 characters, and by length
	$(GO) test -run '^$$' -bench 'Values(Messages|Length)' ./nlu/recognizer

bench-mine: setup ## how well messages that nobody understood are grouped, on the public sets in DATASETS, and how fast (ARGS="--only clinc150")
	$(BIN) mine bench --datasets $(DATASETS) $(if $(wildcard $(ENCODER)),--encoder $(ENCODER)) $(ARGS)

bench-knowledge: setup ## how well the knowledge base finds answers, on the public pairs in DATASETS, and how fast
	$(BIN) knowledge eval --datasets $(DATASETS) $(ARGS)
	$(GO) test -short -run '^$$' -bench Search -benchtime 500x ./dialogue/knowledge

train: setup ## train the default bundle on ENCODER and measure it on DATA; prints the new bundle's folder
	$(BIN) train --encoder $(ENCODER) $(if $(wildcard $(DATA)),--eval $(DATA)) $(ARGS)

heads: setup ## fit new heads on the champion's encoder (ARGS="--data my/corpus"): seconds
	$(BIN) train --heads-only $(ARGS)

models: MODEL ?= intfloat/multilingual-e5-small
models: FOLDER ?= $(YINGDA_CACHE)/encoders/$(notdir $(MODEL))
models: setup ## pull the encoder MODEL from the hub and train the large bundle on it
	test -d $(FOLDER) || $(BIN) bundle pull --folder $(FOLDER) --onnx onnx/model.onnx $(MODEL)
	$(BIN) train --encoder $(FOLDER) --recipe training/recipes/large.yaml $(ARGS)

.PHONY: retrain retrain-demo
retrain: setup ## from labels accepted in the review to a challenger, step by step (ARGS="--dir data/analytics --server URL", ARGS="resume")
	$(BIN) retrain $(ARGS)

retrain-demo: setup ## show on demo data that the loop closes; rewrites the section "Retraining" of docs/benchmarks.md; some 10 minutes
	$(BIN) retrain-demo --out docs/benchmarks.md $(if $(wildcard $(ENCODER)),--encoder $(ENCODER)) $(ARGS)

recalibrate: FRESH ?=
recalibrate: setup ## fit the thresholds of the shipped bundle anew, on what its training held out and on FRESH (files that were written later)
	$(BIN) train --recalibrate --base models/default/bundle --data training/corpus/data $(addprefix --fresh ,$(FRESH)) $(if $(wildcard $(DATA)),--eval $(DATA)) $(ARGS)

embed: ## make BUNDLE (a folder that `make train` printed) the one the binary carries
	$(BIN) bundle verify $(BUNDLE)
	rm -rf models/default/bundle && cp -R $(BUNDLE) models/default/bundle

.PHONY: eval-oos eval-folds
eval-oos: setup ## compare ways to tell what is out of scope: on what the champion's training held out, and on DATA (ARGS="--benchmark training/recipes/public/clinc150.yaml --bundle FOLDER")
	$(BIN) eval --oos-scores $(if $(wildcard $(DATA)),--data $(DATA)) $(ARGS)

eval-folds: setup ## cross-validate heads and thresholds over the corpus with 5 folds: mean, spread, pooled interval (ARGS="--unseen", ARGS="--encoder FOLDER")
	$(BIN) eval --folds 5 --data training/corpus/data $(ARGS)

curve: setup ## learning curve over the size of the corpus, measured on DATA
	$(BIN) curve --encoder $(ENCODER) --eval $(DATA) $(ARGS)

bench-quality: setup ## train on the public data sets in DATASETS, a recipe each, and judge by their tests: hours (ARGS="--only clinc150")
	$(BIN) quality --encoder $(ENCODER) --datasets $(DATASETS) $(ARGS)

clean: ## remove what was built; the cache stays
	rm -rf bin

# Python is for checks and comparisons only: nothing that serves or tests by default needs it.
$(VENV)/oracle: .ci/oracle.txt
$(VENV)/peers: bench/peers/requirements.txt
$(VENV)/engines: bench/analytics/requirements.txt
$(VENV)/notebooks: notebooks/requirements.txt
$(VENV)/oracle $(VENV)/peers $(VENV)/engines $(VENV)/notebooks:
	rm -rf $@ && $(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check -r $< || { rm -rf $@; exit 1; }
	touch $@
