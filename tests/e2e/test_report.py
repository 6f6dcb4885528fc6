"""`eidactl report` of a study that ran: the page, and tables that say what `summary` says."""

import csv
import os
import xml.etree.ElementTree as xml

import unittest

from case import Case, end_world, make_world, tree

SVG = "{http://www.w3.org/2000/svg}svg"
PAGE = "{http://www.w3.org/1999/xhtml}"


def setUpModule():
    ReportCase.shared = make_world()
    unittest.addModuleCleanup(end_world, ReportCase.shared)
    ReportCase.first = ReportCase.shared.eidactl("run", "sweep.yaml")


class ReportCase(Case):
    """The world in which the study was run to its end."""

    shared = first = None

    def setUp(self):
        self.world = self.shared
        self.assertEqual(self.first.code, 0, str(self.first))

    def report(self, *arguments):
        result = self.world.eidactl("report", *arguments)
        self.assertEqual(result.code, 0, str(result))
        return xml.parse(self.path("report", "report.html")).getroot()

    def test_every_table_and_figure_of_the_paper_that_the_study_covers(self):
        page = self.report("--paper", "thesis", "-O", "report", "--force")
        files = set(tree(self.path("report")))
        for name in ("tables/T4.csv", "tables/T6.tex", "tables/T8.md", "figures/F4.svg", "figures/F6.png"):
            self.assertIn(name, files)
        self.assertEqual(len(list(page.iter(SVG))), len([f for f in files if f.endswith(".svg")]))
        ids = {element.get("id") for element in page.iter() if element.get("id")}
        for link in page.iter(PAGE + "a"):
            self.assertIn(link.get("href")[1:], ids)
        text = "".join(page.itertext())
        self.assertIn("T5", text)
        self.assertIn("a sweep of task translation", text)

    def test_numbers_are_those_of_the_summary(self):
        self.report("--paper", "thesis", "-O", "report", "--force")
        summary = {v["variant"]: v for v in self.world.eidactl("summary", "-o", "json").json()["variants"]}
        with open(self.path("report", "tables", "T4.csv"), encoding="utf-8") as file:
            rows = {(row["group"], row["way of training"]): row for row in csv.DictReader(file)}
        for way, variant in (("full fine-tuning", "full"), ("LoRA, rank 2", "lora-r2")):
            for group, metric, factor in (("loss, nats", "loss", 1), ("accuracy, %", "accuracy", 100)):
                row, measured = rows[group, way], summary[variant]["report/" + metric]
                self.assertAlmostEqual(float(row["ours"]), factor * measured["mean"], places=9)
                self.assertAlmostEqual(float(row["ours std"]), factor * measured["std"], places=9)
                self.assertAlmostEqual(float(row["difference"]), float(row["ours"]) - float(row["published"]), places=9)
                self.assertEqual(int(row["ours n"]), measured["n"])

    def test_without_a_paper_it_is_of_the_sweep_alone(self):
        page = self.report("-O", "report", "--force")
        text = "".join(page.itertext())
        self.assertNotIn("published", text)
        self.assertIn("apiVersion: eida/v1", text)
        self.assertIn("figures/A-cka.svg", tree(self.path("report")))

    def test_a_full_directory_is_left_alone(self):
        os.makedirs(self.path("mine"), exist_ok=True)
        self.write("precious", "mine", "file")
        before = tree(self.path("mine"))
        self.assertEnds(self.world.eidactl("report", "-O", "mine"), 5, "is not empty", "--force")
        self.assertEnds(self.world.eidactl("report", "--paper", "thesys", "-O", "new"), 2, 'did you mean "thesis"?')
        self.assertEqual(tree(self.path("mine")), before)
        self.assertFalse(os.path.exists(self.path("new")))


if __name__ == "__main__":
    unittest.main()
