"""Three terminals: a coordinator, a worker, and eidactl with --server; every verb that is not `run`."""

import json
import os
import shutil
import subprocess
import unittest
import urllib.request

import programs
import safetensors
import study
from case import Case, end_world, make_world
from programs import Coordinator, Worker


def setUpModule():
    world = make_world()
    unittest.addModuleCleanup(end_world, world)
    coordinator = Coordinator(world)
    coordinator.start()
    unittest.addModuleCleanup(coordinator.stop)
    worker = Worker(world, coordinator.address, "--name", "w1")
    worker.start()
    unittest.addModuleCleanup(worker.stop)
    Cluster.shared, Cluster.coordinator = world, coordinator
    Cluster.submitted = coordinator.eidactl("submit", "sweep.yaml", "--wait")


class Cluster(Case):
    """The three terminals, in which the study is sweep s1 and has ended."""

    shared = coordinator = submitted = None

    def eidactl(self, *arguments, **options):
        return self.coordinator.eidactl(*arguments, **options)

    def setUp(self):
        self.world = self.shared
        self.assertEnds(self.submitted, 0, "s1\n")

    def get(self, *arguments):
        return self.eidactl(*arguments, "-o", "json").json()


class Verbs(Cluster):
    def test_watch_and_wait_of_a_sweep_that_has_ended(self):
        self.assertEnds(self.eidactl("watch", "s1"), 0, "s1 (tiny) succeeded")
        self.assertEnds(self.eidactl("wait", "s1", "--for", "succeeded"), 0)

    def test_logs(self):
        result = self.eidactl("logs", "s1/full/seed0", "--timestamps")
        self.assertEnds(result, 0)
        lines = self.eidactl("logs", "s1/full/seed0", "-o", "jsonl").out.splitlines()
        self.assertEqual(len(result.out.splitlines()), len(lines))
        self.assertEqual([json.loads(line)["text"] for line in lines], self.eidactl("logs", "s1/train/full/seed0", "-f").out.splitlines())
        self.assertLessEqual(len(self.eidactl("logs", "s1/full/seed0", "--tail", "1").out.splitlines()), 1)

    def test_describe(self):
        self.assertEnds(self.eidactl("describe", "s1"), 0, "name          tiny", "state         succeeded", study.SWEEP.strip())
        self.assertEnds(self.eidactl("describe", "run/s1/lora-r2/seed1"), 0, "run           lora-r2/seed1", "variant       lora-r2",
                        "seed          1", "succeeded  train/lora-r2/seed1", "succeeded  evaluate/lora-r2/seed1/report")
        self.assertEnds(self.eidactl("describe", "s1/train/lora-r2/seed1"), 0, "kind          train", "artifact      weights (adapter, ",
                        "events", "leased on w1", "succeeded")
        job = self.get("describe", "s1/train/full/seed0")
        self.assertEqual((job["name"], job["state"], job["attempt"]), ("train/full/seed0", "succeeded", 1))

    def test_status(self):
        self.assertEnds(self.eidactl("status"), 0, "workers      1, 0 of ", "sweeps       ", " succeeded")
        self.assertEqual(self.get("status")["workers"], 1)

    def test_worker_list(self):
        (worker,) = self.get("worker", "list")["items"]
        self.assertEqual((worker["id"], worker["state"]), ("w1", "idle"))
        self.assertEqual(self.get("get", "workers")["items"][0]["id"], "w1")

    def test_preview(self):
        preview = self.get("preview", "sweep.yaml")
        jobs = self.get("get", "jobs", "s1")["items"]
        self.assertEqual((preview["runs"], preview["jobs"]), (4, len([job for job in jobs if job["kind"] != "export"])))
        self.assertEnds(self.eidactl("preview", "sweep.yaml"), 0, "4 runs, ", "4 train", "6 path", "disk: about ")

    def test_a_dry_run_submits_nothing(self):
        before = self.get("get", "sweeps")
        self.assertEnds(self.eidactl("submit", "sweep.yaml", "--dry-run"), 0, "nothing was submitted (--dry-run)")
        self.assertEqual(self.get("get", "sweeps"), before)

    def test_an_idempotency_key_names_one_sweep(self):
        first = self.eidactl("submit", "sweep.yaml", "--idempotency-key", "k1", "--set", "name=keyed")
        again = self.eidactl("submit", "sweep.yaml", "--idempotency-key", "k1", "--set", "name=keyed")
        self.assertEnds(first, 0)
        self.assertEqual((again.code, again.out), (0, first.out))
        self.assertEnds(self.eidactl("submit", "sweep.yaml", "--idempotency-key", "k1", "--set", "name=other"), 5, "k1")

    def test_a_study_from_standard_input_of_another_directory(self):
        self.assertEnds(self.eidactl("validate", "project/sweep.yaml", cwd=self.world.directory), 0,
                        "project/sweep.yaml: valid, 2 variants x 2 seeds")


class Control(Cluster):
    def test_a_sweep_waits_is_cancelled_and_tried_again(self):
        self.assertEnds(self.eidactl("worker", "drain", "w1"), 0, "w1: finishes what it has and takes nothing new")
        sweep = self.eidactl("submit", "sweep.yaml", "--set", "seeds=[7]", "--set", "name=late").out.strip()
        result = self.eidactl("wait", sweep, "--timeout", "300ms")
        self.assertEnds(result, 124)
        self.assertLess(result.seconds, 5)
        self.assertEnds(self.eidactl("cancel", sweep), 0, " jobs cancelled")
        self.assertEnds(self.eidactl("cancel", sweep), 0, "0 jobs cancelled")
        for verb in ("wait", "watch"):
            self.assertEnds(self.eidactl(verb, sweep), 7, f"error: sweep {sweep} was cancelled")
        self.assertEqual({job["state"] for job in self.get("get", "jobs", sweep)["items"]}, {"cancelled"})
        self.assertEnds(self.eidactl("retry", sweep), 0, " jobs will be tried again")
        self.assertEnds(self.eidactl("wait", sweep, "--timeout", "300ms"), 124)
        self.assertEnds(self.eidactl("worker", "undrain", "w1"), 0, "w1: takes new work again")
        self.assertEnds(self.eidactl("wait", sweep, "--timeout", "4m"), 0)
        self.assertEqual({job["state"] for job in self.get("get", "jobs", sweep)["items"]}, {"succeeded"})

    def test_a_training_that_fails_skips_what_needs_it_and_says_why(self):
        result = self.eidactl("submit", "sweep.yaml", "--set", "name=broken", "--set", "analyses=[]", "--set", "variants[0].train.lr=100",
                              "--set", "variants[0].train.optimizer.weight_decay=10", "--wait")
        sweep = result.out.strip()
        self.assertEnds(result, 7, f"error: sweep {sweep} failed", f"eidactl retry {sweep}")
        jobs = {job["name"]: job for job in self.get("get", "jobs", sweep)["items"]}
        self.assertEqual((jobs["train/full/seed0"]["state"], jobs["train/full/seed0"]["error"]), ("failed", "nonfinite"))
        self.assertEqual(jobs["train/full/seed0"]["attempt"], 1)
        self.assertEqual((jobs["soup/greedy"]["state"], jobs["soup/uniform"]["state"]), ("skipped", "succeeded"))
        self.assertIn("train/full/seed", jobs["soup/greedy"]["error_message"])
        self.assertEnds(self.eidactl("soup", sweep, "--name", "greedy"), 3, 'the sweep has no finished soup "greedy"')


class Http(Cluster):
    def fetch(self, path):
        with urllib.request.urlopen(f"http://{self.coordinator.http}{path}", timeout=10) as reply:
            return reply.status, reply.read().decode()

    def test_healthz(self):
        self.assertEqual(self.fetch("/healthz"), (200, "ok\n"))

    def test_metrics_count_what_happened(self):
        text = self.fetch("/metrics")[1]
        values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        self.assertGreaterEqual(float(values['eida_jobs_finished_total{kind="train",outcome="succeeded"}']), 4)
        self.assertGreaterEqual(float(values['eida_jobs_submitted_total{kind="matrix"}']), 3)

    def test_promtool_has_nothing_to_say(self):
        promtool = os.path.join(programs.ROOT, ".deps", "tools", "promtool")
        if not os.path.exists(promtool):
            self.skipTest("promtool is not there: deploy/bootstrap.sh test fetches it")
        checked = subprocess.run([promtool, "check", "metrics"], input=self.fetch("/metrics")[1], text=True, capture_output=True)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))


class Export(Cluster):
    SITES = [f"encoder.layer.{layer}.attention.self.{part}" for layer in range(study.LAYERS) for part in ("query", "value")]

    def setUp(self):
        super().setUp()
        self.addCleanup(shutil.rmtree, self.path("out"), ignore_errors=True)

    def export(self, *arguments):
        result = self.eidactl("export", *arguments, "-O", "out")
        self.assertEnds(result, 0, "wrote out: ")
        self.assertEqual(sorted(os.listdir(self.path("out"))), result.out.strip().removeprefix("wrote out: ").split(", "))
        self.assertFalse(os.path.exists(self.path("out.part")))

    def assertWholeModel(self):
        """Every tensor of the base and a head, under Hugging Face names."""
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["config.json", "model.safetensors", "tokenizer.json"])
        shapes = {name.removeprefix("bert."): shape for name, shape in
                  safetensors.shapes(self.path("out", "model.safetensors")).items()}
        expected = {name: shape for name, (shape, _) in study.weights().items()}
        expected.update({"classifier.weight": (2, study.HIDDEN), "classifier.bias": (2,)})
        self.assertEqual(shapes, expected)
        config = json.loads(self.read("out", "config.json"))
        self.assertEqual((config["architectures"], config["hidden_size"]), (["BertForSequenceClassification"], study.HIDDEN))
        self.assertEqual(json.loads(self.read("out", "tokenizer.json")), study.tokenizer())

    def test_an_adapter_as_a_peft_directory(self):
        self.export("run", "s1/lora-r2/seed1", "--to", "peft")
        config = json.loads(self.read("out", "adapter_config.json"))
        self.assertEqual((config["peft_type"], config["task_type"], config["r"], config["lora_alpha"], config["bias"]),
                         ("LORA", "SEQ_CLS", 2, 8, "none"))
        self.assertEqual(sorted(config["target_modules"]), ["query", "value"])
        expected = {"base_model.model.classifier.weight": (2, study.HIDDEN), "base_model.model.classifier.bias": (2,)}
        for site in self.SITES:
            expected[f"base_model.model.bert.{site}.lora_A.weight"] = (2, study.HIDDEN)
            expected[f"base_model.model.bert.{site}.lora_B.weight"] = (study.HIDDEN, 2)
        self.assertEqual(safetensors.shapes(self.path("out", "adapter_model.safetensors")), expected)

    def test_an_adapter_that_was_exported_starts_a_run(self):
        self.export("run", "s1/lora-r2/seed1", "--to", "peft")
        head, _, tail = study.SWEEP.partition("variants:")
        variant = "  - {name: same, adapter: {type: lora, init: out}, train: {steps: 0, lr: 1.0e-2}}\n"
        self.write(f"{head}variants:\n{variant}eval:{tail.partition('eval:')[2]}".replace("seeds: [0, 1]", "seeds: [0]"), "start.yaml")
        alone = ("--set", "analyses=[]", "--set", "soups=[]")
        submitted = self.eidactl("submit", "start.yaml", *alone, "--wait")
        self.assertEnds(submitted, 0)
        losses = [{job["name"].rpartition("/")[2]: job["summary"]["loss"] for job in self.get("get", "jobs", sweep)["items"]
                   if job["name"].startswith(f"evaluate/{run}/")} for sweep, run in (("s1", "lora-r2/seed1"), (submitted.out.strip(), "same/seed0"))]
        self.assertEqual(set(losses[0]), {"select", "report"})
        self.assertEqual(losses[0], losses[1])
        config = json.loads(self.read("out", "adapter_config.json"))
        self.write(json.dumps({**config, "use_dora": True}), "out", "adapter_config.json")
        self.assertEnds(self.eidactl("submit", "start.yaml", *alone), 2, 'variant "same": out/adapter_config.json: use_dora is set')

    def test_an_adapter_merged_into_a_model(self):
        self.export("run", "s1/lora-r2/seed1")
        self.assertWholeModel()

    def test_a_fully_tuned_run(self):
        self.export("run", "full/seed0", "--to", "hf", "--sweep", "s1")
        self.assertWholeModel()

    def test_soups(self):
        for name in ("greedy", "uniform"):
            self.export("soup", name, "--to", "hf", "--sweep", "s1", "--force")
            self.assertWholeModel()

    def test_full_tuning_has_no_adapter_to_export(self):
        self.assertEnds(self.eidactl("export", "run", "full/seed0", "--to", "peft", "--sweep", "s1", "-O", "out"), 2,
                        "has no low-rank factors", "use the format hf")
        self.assertFalse(os.path.exists(self.path("out")))

    def test_a_directory_with_something_in_it_is_not_replaced(self):
        os.mkdir(self.path("out"))
        self.write("mine", "out", "notes.txt")
        self.assertEnds(self.eidactl("export", "run", "lora-r2/seed1", "--sweep", "s1", "-O", "out"), 5,
                        "out exists and is not an empty directory", "--force")
        self.assertEqual((os.listdir(self.path("out")), self.read("out", "notes.txt")), (["notes.txt"], "mine"))

    def test_a_full_disk_leaves_nothing_of_an_export(self):
        os.mkdir(self.path("disk"))
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", self.path("disk")], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("a small file system can only be mounted by root")
        self.addCleanup(subprocess.run, ["umount", "-l", self.path("disk")], check=True)
        result = self.eidactl("export", "run", "lora-r2/seed1", "--sweep", "s1", "-O", "disk/out")
        self.assertEnds(result, 5, "error: ", "No space left on device")
        self.assertEqual(os.listdir(self.path("disk")), [])


class Self(Case):
    def test_version(self):
        version = self.world.eidactl("version", "-o", "json").json()["version"]
        self.assertRegex(version, r"^\d+\.\d+\.\d+$")
        for program in ("eidactl", "eida-coordinator", "eida-worker"):
            self.assertEnds(self.world.run(program, "version"), 0, f"{program} {version}\n")
        self.assertEnds(self.world.eidactl("--version"), 0, version)

    def test_completion(self):
        verbs = {"run", "submit", "validate", "get", "heatmap", "completion"}
        scripts = {shell: self.world.eidactl("completion", shell).out for shell in ("bash", "zsh", "fish")}
        for shell, script in scripts.items():
            self.assertLessEqual({verb for verb in verbs if verb in script}, verbs, shell)
            self.assertIn("token-file", script)
        checked = subprocess.run(["bash", "-n"], input=scripts["bash"], text=True, capture_output=True)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        offered = subprocess.run(["bash", "-c", scripts["bash"] + '\nCOMP_WORDS=(eidactl heatmap --met) COMP_CWORD=2; _eidactl; '
                                  'echo "${COMPREPLY[@]}"; COMP_WORDS=(eidactl va) COMP_CWORD=1; _eidactl; echo "${COMPREPLY[@]}"'],
                                 text=True, capture_output=True)
        self.assertEqual(offered.stdout, "--metric\nvalidate\n", offered.stderr)
        for shell, check in (("zsh", ["zsh", "-n"]), ("fish", ["fish", "-n"])):
            if shutil.which(shell):
                self.assertEqual(subprocess.run(check, input=scripts[shell], text=True).returncode, 0)

    def test_help_of_every_verb(self):
        listed = self.world.eidactl("--help")
        self.assertEnds(listed, 0, "validate", "heatmap")
        for verb in ("run", "submit", "get", "export", "completion"):
            self.assertEnds(self.world.eidactl(verb, "--help"), 0, verb)


if __name__ == "__main__":
    unittest.main()
