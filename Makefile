# The two commands of the README are `make run` and `make test`; `make check` is exactly what CI runs.
PORT ?= 8000
PYTEST ?= .venv/bin/python -m pytest
JOBS ?= 2
DEVELOPMENT = SHIDIAN_MODE=development SHIDIAN_DATA=var/development
DEMONSTRATION = SHIDIAN_MODE=demonstration SHIDIAN_DATA=var/demonstration SHIDIAN_ADDRESS=http://127.0.0.1:$(PORT) \
	SHIDIAN_SITE_HOST_NAME=天津市市场监督管理委员会
.DEFAULT_GOAL := help

.PHONY: help
help: ## 列出命令
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

.PHONY: run
run: ## 一条命令装好并启动演示系统（PORT=8000）
	@./setup run
	@$(DEMONSTRATION) .venv/bin/shidian prepare
	@$(DEMONSTRATION) .venv/bin/shidian demonstrate
	@exec env $(DEMONSTRATION) .venv/bin/shidian serve --port $(PORT)

.PHONY: test
test: ## 运行全部测试（SQLite、PostgreSQL、浏览器）
	@./setup dev
	@tools/run_tests $(JOBS)

.PHONY: check
check: ## 与持续集成完全相同的检查，包含 make test
	@./setup dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	$(DEVELOPMENT) .venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/djlint src --check
	.venv/bin/djlint src --lint --quiet
	$(DEVELOPMENT) .venv/bin/shidian makemigrations --check --dry-run
	tools/check_deploy
	$(DEVELOPMENT) .venv/bin/shidian call check calls/tianjin-2023-smps10
	COVERAGE=1 $(MAKE) test
	$(MAKE) rehearse

.PHONY: fmt
fmt: ## 整理代码和模板的格式
	@./setup dev
	.venv/bin/ruff check --fix . || true
	.venv/bin/ruff format .
	.venv/bin/djlint src --reformat --quiet || true

.PHONY: messages
messages: ## 重写英文词表：新文字待译，已删的去掉（需要 gettext）
	@./setup dev
	@.venv/bin/python -m tools.messages

.PHONY: rehearse
rehearse: ## 按通知的日程把全过程走一遍，写出并核验国家包
	@./setup run
	@$(DEVELOPMENT) .venv/bin/shidian rehearse --seed 10 --out build/rehearsal

.PHONY: endure
endure: ## 两人填写五分钟，其间服务器被杀、断网、登录过期：什么也不能丢（SEED=1）
	@./setup dev
	SHIDIAN_ENDURANCE=300 SHIDIAN_SEED=$(or $(SEED),1) $(PYTEST) -q -s --browser tests/browser/test_endurance.py

.PHONY: test-ca
test-ca: ## 启动测试签章平台（测试 CA、时间戳、电子印章，只在本机，签名没有效力；PORT=8090）
	@./setup run
	@exec .venv/bin/python -m shidian.documents.certificates.trial --folder var/test-ca --port $(if $(filter file,$(origin PORT)),8090,$(PORT))

.PHONY: bench
bench: ## 测速报告（不是测试），写入 bench/out/
	@./setup dev
	@.venv/bin/python -m bench

.PHONY: bench-word
bench-word: ## 读回 Word 文件的准确率（tests/documents/word 的全部样本）
	@./setup dev
	@.venv/bin/python -m bench word

.PHONY: bench-scan
bench-scan: ## 扫描页归位的准确率和速度（由真实打印件模拟扫描；SCAN_SHARE=0.1 只测十分之一，SCAN_JOBS 定几个进程同时测）
	@./setup dev
	@.venv/bin/python -m bench scan

.PHONY: bench-desks
bench-desks: ## 清单页和搜索页在 1 千、1 万、10 万件申请时的速度，文字比对的速度（BENCH_SIZES=1000,10000 BENCH_DATABASES=sqlite 少测）
	@./setup dev
	@.venv/bin/python -m bench desks

.PHONY: bench-compare
bench-compare: ## 比较两次测速：make bench-compare A=旧文件夹 B=新文件夹
	@.venv/bin/python -m bench.compare $(A) $(B)

.PHONY: screenshots
screenshots: ## 从运行中的系统重拍文档里的图片
	@./setup dev
	@.venv/bin/python -m tools.screenshots

.PHONY: lock
lock: ## 按 pyproject.toml 重新锁定依赖（需要 uv）
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --extra build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --extra build --extra dev pyproject.toml -o requirements-dev.lock
