import pytest

import scenes
from stage import Operator, Prometheus, Sandbox, wait_for


class Site:
    def __init__(self, folder):
        self.processes = []
        try:
            self.sandbox = self.keep(Sandbox(folder))
            self.operator = self.keep(Operator(folder, self.sandbox, "first"))
            wait_for("the first replica leads", self.operator.leads)
            self.standby = self.keep(Operator(folder, self.sandbox, "second"))
            self.prometheus = self.keep(Prometheus(folder, self.operator, self.standby))
            # increase() sees only what happens after the first scrape.
            wait_for("both are scraped", lambda: len(self.prometheus.query(
                "netbird_keys_build_info and on (instance) up == 1")) == 2)
            scenes.healthy(self.sandbox)
        except BaseException:
            self.end()
            raise

    def keep(self, process):
        self.processes.append(process)
        return process

    def end(self):
        for process in reversed(self.processes):
            process.end()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.end()
