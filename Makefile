# Aliases only: `python3 dev.py` is the documented way, and works where make does not.
.PHONY: demo test check e2e bench docs
demo test check e2e bench docs:
	@python3 dev.py $@ $(ARGS)
