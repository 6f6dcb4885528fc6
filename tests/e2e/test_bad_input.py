"""A sweep that cannot run is refused whole: exit code 2, every mistake at its place, and nothing is changed anywhere."""

import json
import os
import shutil
import unittest

import safetensors
from case import Case, end_world, make_world, tree
from programs import Coordinator


class BadInput(Case):
    @classmethod
    def setUpClass(cls):
        cls.server_world = make_world()
        cls.addClassCleanup(end_world, cls.server_world, 0)
        cls.coordinator = Coordinator(cls.server_world)
        cls.coordinator.start()

    def assertRefused(self, *messages, arguments=()):
        """validate, run and submit say the same and leave the project and the coordinator as they were."""
        before = tree(self.world.project)
        server = ("--server", self.coordinator.address, "--token-file", self.coordinator.token_file)
        for verb in (("validate",), ("run",), (*server, "submit")):
            result = self.world.eidactl(*verb, "sweep.yaml", *arguments)
            self.assertEnds(result, 2, *messages, "nothing was submitted")
            self.assertEqual(result.out, "")
        self.assertEqual(tree(self.world.project), before)
        self.assertEqual(self.world.eidactl(*server, "get", "sweeps", "-o", "json").json()["items"], [])

    def test_malformed_yaml(self):
        self.edit("seeds: [0, 1]", "seeds: [0, 1")
        self.assertRefused("error: not valid YAML: ", "[syntax]", "sweep.yaml:17:6: ")

    def test_a_duplicate_key(self):
        self.edit("kind: Sweep", "kind: Sweep\nname: other")
        self.assertRefused(f'{self.place("name: tiny")}: error: duplicate key "name" (first at 3:1) [duplicate-key]')

    def test_an_unknown_key_and_the_one_that_was_meant(self):
        self.edit("batch_size: 16", "batch_sizes: 16")
        self.assertRefused(f'{self.place("batch_sizes")}: error: unknown key "batch_sizes"', 'did you mean "batch_size"?',
                           "[unknown-key]", " | " + " " * 2 + "^~~~~~~~~~~")

    def test_an_unknown_adapter(self):
        self.edit("type: lora", "type: lorra")
        self.assertRefused(f'{self.place("lorra")}: error: ', '"lorra", expected one of: ', 'did you mean "lora"?')

    def test_an_adapter_target_that_the_model_does_not_have(self):
        self.edit("targets: [query, value]", "targets: [query, valve]")
        self.assertRefused('"valve"', "query")

    def test_a_metric_that_the_task_cannot_give(self):
        self.edit("metric: accuracy", "metric: bleu")
        self.assertRefused(f'{self.place("bleu")}: error: "eval.metric" is "bleu", expected one of: accuracy, f1, loss, ',
                           "See: eidactl explain-field eval")

    def test_a_smoothed_loss_without_a_smoothing(self):
        self.edit("metric: accuracy, goal: maximize", "metric: loss_smoothed")
        self.assertRefused(f'{self.place("loss_smoothed")}: error: "eval.metric" is loss_smoothed, which needs "eval.label_smoothing"')

    def test_a_csv_whose_quote_is_not_closed(self):
        self.edit("format: tsv", "format: csv")
        self.write('text,label\n"good, film",1\n"bad film,0\n', "reviews.tsv")
        self.assertRefused(f'{self.place("reviews.tsv")}: error: reviews.tsv:3: a double quote is opened here and never closed')

    def test_a_split_that_is_not_defined(self):
        self.edit("split: select, report: report}\ncheckpoint", "split: selekt, report: report}\ncheckpoint")
        self.assertRefused(f'{self.place("selekt")}: error: split "selekt" is not defined in data.splits',
                           'did you mean "select"?')

    def test_a_split_larger_than_its_source(self):
        self.edit("items: 48", "items: 4800")
        self.assertRefused('split "select" takes 4800 items, but "train" has only 304')

    def test_a_missing_model_directory(self):
        shutil.rmtree(self.path("model"))
        self.assertRefused("sweep.yaml:5:9: error: there is no model directory ",
                           "model.path names a Hugging Face directory", "[input]")

    def test_a_truncated_safetensors_file(self):
        content = safetensors.content(self.path("model", "model.safetensors"))
        self.write(content[:-10], "model", "model.safetensors")
        self.assertRefused("sweep.yaml:5:9: error: ", "model.safetensors is truncated: its header promises "
                           f"{len(content)} bytes, the file has {len(content) - 10}: fetch it again")

    def test_a_safetensors_file_that_ends_in_its_header(self):
        content = safetensors.content(self.path("model", "model.safetensors"))
        self.write(content[:40], "model", "model.safetensors")
        self.assertRefused("model.safetensors is truncated or not a safetensors file (40 bytes")

    def test_pickle_weights(self):
        os.rename(self.path("model", "model.safetensors"), self.path("model", "pytorch_model.bin"))
        self.assertRefused("sweep.yaml:5:9: error: ", "holds pickle weights (pytorch_model.bin), which can run code",
                           "convert them once: python -c ", "safe_serialization=True")

    def test_a_tokenizer_of_another_model(self):
        tokenizer = json.loads(self.read("model", "tokenizer.json"))
        tokenizer["model"]["vocab"]["extraordinary"] = 30521
        self.write(json.dumps(tokenizer), "model", "tokenizer.json")
        self.assertRefused("sweep.yaml:5:9: error: ", "tokenizer.json has token ids up to 30521, but the model embeds only 33",
                           "the tokenizer belongs to another model")

    def test_a_tokenizer_that_is_no_json(self):
        self.write("{", "model", "tokenizer.json")
        self.assertRefused("sweep.yaml:5:9: error: ", "tokenizer.json")

    def test_a_model_of_an_unknown_architecture(self):
        self.edit('"model_type": "bert"', '"model_type": "mamba"', "model", "config.json")
        self.assertRefused('config.json: model_type is "mamba", this version reads: bart, bert, gpt2, mbart, roberta')

    def test_an_empty_tsv(self):
        self.write("", "reviews.tsv")
        self.assertRefused(f'{self.place("reviews.tsv")}: error: reviews.tsv: has no rows')

    def test_a_tsv_with_only_a_header(self):
        self.write("text\tlabel\n", "reviews.tsv")
        self.assertRefused(f'{self.place("reviews.tsv")}: error: reviews.tsv: has no rows')

    def test_a_missing_tsv(self):
        os.unlink(self.path("reviews.tsv"))
        self.assertRefused(f'{self.place("reviews.tsv")}: error: cannot read the data file: ', "No such file")

    def test_a_ragged_tsv(self):
        lines = self.read("reviews.tsv").split("\n")
        lines[6] = "good\tfilm\t1"
        self.write("\n".join(lines), "reviews.tsv")
        self.assertRefused(f'{self.place("reviews.tsv")}: error: reviews.tsv:7: has 3 fields, the header has 2',
                           "there is no quoting")

    def test_a_tsv_without_the_named_column(self):
        self.edit("text\tlabel", "texts\tlabel", "reviews.tsv")
        self.assertRefused('reviews.tsv:1: there is no column "text" (have: texts, label); did you mean "texts"?')

    def test_a_label_outside_the_head(self):
        lines = self.read("reviews.tsv").split("\n")
        lines[4] = "good film\t2"
        self.write("\n".join(lines), "reviews.tsv")
        self.assertRefused("reviews.tsv:5: label 2 is outside the head: model.head has 2 labels (0 to 1)")

    def test_a_tsv_that_is_not_utf8(self):
        self.write(b"text\tlabel\ncaf\xe9\t1\n", "reviews.tsv")
        self.assertRefused("reviews.tsv:2: is not UTF-8", "iconv")

    def test_an_override_that_does_not_fit(self):
        self.assertRefused("--set", 'train.epochs" must be a number, not "two"', arguments=("--set", "train.epochs=two"))

    def test_all_mistakes_of_the_file_at_once(self):
        self.edit("batch_size: 16", "batch_sizes: 16")
        self.edit("type: lora", "type: lorra")
        self.edit("type: barrier", "type: barier")
        self.edit("seeds: [0, 1]", "seeds: []")
        self.assertRefused(*(f"{self.place(text)}: error: " for text in ("batch_sizes", "lorra", "barier")),
                           "seeds", "4 errors in sweep.yaml")

    def test_mistakes_of_model_and_data_at_once(self):
        shutil.rmtree(self.path("model"))
        self.write("", "reviews.tsv")
        self.assertRefused("there is no model directory", "reviews.tsv: has no rows", "2 errors in sweep.yaml")

    def test_validate_lists_the_mistakes_as_json(self):
        self.edit("batch_size: 16", "batch_sizes: 16")
        result = self.world.eidactl("validate", "sweep.yaml", "-o", "json")
        self.assertEqual(result.code, 2)
        (found,) = result.json()["diagnostics"]
        line, column = self.place("batch_sizes").split(":")[1:]
        self.assertEqual((found["line"], found["column"], found["code"]), (int(line), int(column), "unknown-key"))

    def test_a_sweep_file_that_is_not_there(self):
        before = tree(self.world.project)
        self.assertEnds(self.world.eidactl("run", "swep.yaml"), 3, "error: swep.yaml: No such file or directory")
        self.assertEqual(tree(self.world.project), before)


class BadCommand(Case):
    def assertUsage(self, arguments, *messages):
        before = tree(self.world.project)
        self.assertEnds(self.world.eidactl(*arguments), 2, "error: ", *messages)
        self.assertEqual(tree(self.world.project), before)

    def test_an_unknown_verb(self):
        self.assertUsage(["explode"], 'there is no verb "explode"', "See: eidactl --help")
        self.assertUsage(["--color", "never", "sumary"], 'there is no verb "sumary"; did you mean "summary"?')

    def test_no_verb(self):
        self.assertUsage([], "See: eidactl --help")

    def test_an_unknown_flag(self):
        self.assertUsage(["run", "sweep.yaml", "--fast"], "--fast", "See: eidactl ")

    def test_an_unknown_output_format(self):
        self.assertUsage(["get", "sweeps", "-o", "xml"], "xml", "json")

    def test_a_missing_argument(self):
        self.assertUsage(["run"], "FILE")

    def test_a_duration_that_is_none(self):
        self.assertUsage(["wait", "--timeout", "soon"], "--timeout", '"soon"')

    def test_an_address_that_is_none(self):
        self.assertUsage(["--server", "127.0.0.1:port", "get", "sweeps"], '"port" is no port')


if __name__ == "__main__":
    unittest.main()
