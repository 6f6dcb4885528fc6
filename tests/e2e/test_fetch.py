"""`eidactl fetch` against a server with Hugging Face's layout: what arrives is what a sweep file can name."""

import io
import json
import os
import signal
import subprocess
import threading
import time
import unittest
import zipfile

from case import Case, tree
from hub import COMMIT, Hub, Site, digest, send, send_content

QUERY = "https://github.com/tuetschek/e2e-dataset/releases/download/v1.0.0/e2e-dataset.zip"


class Fetch(Case):
    def hub(self, repositories, **options):
        hub = Hub(repositories, **options)
        self.addCleanup(hub.close)
        self.world.variables["HF_ENDPOINT"] = hub.url
        return hub

    def model(self):
        """The study's own model, as a repository."""
        files = {}
        for name in os.listdir(self.path("model")):
            with open(self.path("model", name), "rb") as file:
                files[name] = file.read()
        return {**files, "README.md": b"words", "pytorch_model.bin": b"\x80\x02."}

    def test_a_fetched_model_is_one_that_a_sweep_can_name(self):
        hub = self.hub({"models/o/tiny": self.model()})
        self.world.variables["HF_TOKEN"] = "hf_right"
        result = self.world.eidactl("fetch", "hf:o/tiny")
        self.assertEnds(result, 0, "models/tiny: ", "hf:o/tiny@main at 0123456789ab (licence: apache-2.0)",
                        "model:\n  path: models/tiny\n")
        self.assertEqual(sorted(name for name in os.listdir(self.path("models/tiny")) if name[0] != "."),
                         sorted(os.listdir(self.path("model")) + ["eida-fetch.json"]))
        self.edit("  path: model\n", "  path: models/tiny\n")
        self.assertEnds(self.world.eidactl("validate", "sweep.yaml"), 0)
        self.assertTrue(all(headers.get("Authorization") == "Bearer hf_right" for _, headers in hub.site.requests))
        self.assertTrue(hub.cdn.requests)
        self.assertTrue(all("Authorization" not in headers for _, headers in hub.cdn.requests))

        asked, before = len(hub.site.requests), tree(self.path("models"))
        again = self.world.eidactl("fetch", "hf:o/tiny", "-o", "json")
        self.assertEnds(again, 0)
        self.assertEqual(again.json()["commit"], COMMIT)
        self.assertIn("nothing to do", again.err)
        self.assertEnds(self.world.eidactl("fetch", "hf:o/tiny", "--verify"), 0)
        self.assertEqual((len(hub.site.requests), tree(self.path("models"))), (asked, before))

        with open(self.path("models/tiny/model.safetensors"), "r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last[0] ^ 1]))
        broken = self.world.eidactl("fetch", "hf:o/tiny", "--verify", "-o", "json")
        self.assertEqual(broken.code, 1)
        self.assertIn("model.safetensors has the SHA-256", broken.json()["error"]["message"])

    def test_a_dry_run_writes_nothing(self):
        self.hub({"models/o/tiny": self.model()})
        before = tree(self.world.project)
        plan = self.world.eidactl("fetch", "hf:o/tiny", "--dry-run", "-o", "json")
        self.assertEnds(plan, 0)
        self.assertEqual({file["name"] for file in plan.json()["files"]}, set(os.listdir(self.path("model"))))
        self.assertEqual(tree(self.world.project), before)

    def test_ctrl_c_keeps_what_came_and_the_same_command_goes_on(self):
        content, held = os.urandom(8 << 20), threading.Event()

        def pace(at):
            if at >= 4 << 20:
                held.wait(30)

        hub = self.hub({"models/o/big": {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors": content}}, pace=pace)
        process = self.world.popen("eidactl", "fetch", "hf:o/big")
        part = self.path("models/big/model.safetensors.part")
        deadline = time.monotonic() + 30
        while not (os.path.exists(part) and os.path.getsize(part) >= 1 << 20):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
        held.set()
        self.assertEqual((process.returncode, out), (130, ""), err)
        self.assertIn("error: stopped by Ctrl-C; ", err)
        self.assertIn("are kept in models/big/model.safetensors.part: the same command goes on from there", err)
        self.assertFalse(os.path.exists(self.path("models/big/eida-fetch.json")))
        self.assertEnds(self.world.eidactl("fetch", "hf:o/big"), 0)
        self.assertRegex(hub.cdn.requests[-1][1]["Range"], r"bytes=\d{7}-")
        with open(self.path("models/big/model.safetensors"), "rb") as file:
            self.assertEqual(digest(file.read()), digest(content))

    def test_what_is_refused_says_why_and_what_to_do(self):
        hub = self.hub({"models/o/tiny": self.model(), "models/o/gated": self.model(), "models/o/pickle": {"pytorch_model.bin": b"x"}},
                       gated=["models/o/gated"])
        before = tree(self.world.project)
        for arguments, code, messages in [
                (["hf:o/nothing"], 3, ["hf:o/nothing@main", hub.url + "/api/models/o/nothing/revision/main", "404", "check owner, name"]),
                (["hf:o/tiny@v9"], 3, ["hf:o/tiny@v9", "404"]),
                (["hf:o/gated"], 4, ["401", "HF_TOKEN", hub.url + "/o/gated"]),
                (["hf:o/pickle"], 3, ["no safetensors weights", "refs/pr/N"]),
                (["hf:tiny"], 2, ["hf:owner/name"]),
                (["hf:o/../x"], 2, ["hf:owner/name"]),
                (["robert-base"], 2, ['did you mean "roberta-base"?']),
                ([], 2, ["fetch --list"]),
                (["hf:o/tiny", "--verify"], 3, ["nothing was fetched there"])]:
            self.assertEnds(self.world.eidactl("fetch", *arguments), code, "error: ", *messages)
        self.world.variables["HF_TOKEN"] = "hf_wrong"
        result = self.world.eidactl("fetch", "hf:o/gated")
        self.assertEnds(result, 4, "the token in HF_TOKEN may not read it")
        self.assertNotIn("hf_wrong", result.err)
        self.world.variables["HF_ENDPOINT"] = "http://huggingface.co"
        self.assertEnds(self.world.eidactl("fetch", "hf:o/tiny"), 2, "HF_ENDPOINT", "only https")
        self.world.variables["HF_ENDPOINT"] = "http://127.0.0.1:1"
        self.assertEnds(self.world.eidactl("fetch", "hf:o/tiny", "--timeout", "1s"), 124, "--timeout 1s passed")
        self.assertEqual(tree(self.world.project), before)

    def test_a_certificate_that_nobody_vouches_for_is_refused(self):
        certificate = os.path.join(self.world.directory, "server.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", certificate, "-out",
                        certificate + ".crt"], check=True, capture_output=True)
        with open(certificate, "ab") as out, open(certificate + ".crt", "rb") as file:
            out.write(file.read())
        site = Site(lambda handler: send(handler, 200, b"{}"), certificate)
        self.addCleanup(site.close)
        self.world.variables.update({"HF_ENDPOINT": site.url, "HF_TOKEN": "hf_right"})
        self.assertEnds(self.world.eidactl("fetch", "hf:o/tiny"), 5, site.url, "certificate is not trusted here", "ca-certificates")
        self.assertEqual(site.requests, [])

    def test_a_wrong_digest_puts_nothing_in_place(self):
        hub = self.hub({"models/o/tiny": self.model()})
        hub.claimed["model.safetensors"] = digest(b"another")
        result = self.world.eidactl("fetch", "hf:o/tiny")
        self.assertEnds(result, 1, digest(b"another"), digest(self.model()["model.safetensors"]))
        self.assertFalse([name for name in os.listdir(self.path("models/tiny")) if name.startswith(("model", "eida"))])

    def test_a_data_set_comes_in_the_form_that_the_task_reads(self):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
            for name in ("trainset", "devset", "testset_w_refs"):
                out.writestr(f"e2e-dataset/{name}.csv", 'mr,ref\n"name[A], area[b]","It is ""A"", here."\n,nothing\n')
        mirror = Site(lambda handler: send_content(handler, archive.getvalue())
                      if handler.path == QUERY.replace("https:/", "") else send(handler, 404))
        self.addCleanup(mirror.close)
        self.world.variables["EIDA_FETCH_MIRROR"] = mirror.url
        result = self.world.eidactl("fetch", "e2e", "-O", "set")
        self.assertEnds(result, 0, "train.txt: 1 rows", "task: e2e", "train: set/train.txt", "test: set/test.txt")
        self.assertIn("train.txt: 1 rows without all fields are left out", result.err)
        self.assertEqual(self.read("set", "train.txt"), 'name[A], area[b]||It is "A", here.\n')
        manifest = json.loads(self.read("set", "eida-fetch.json"))
        self.assertEqual(manifest["downloads"], [{"url": mirror.url + QUERY.replace("https:/", ""), "size": len(archive.getvalue()),
                                                  "sha256": digest(archive.getvalue()), "published": False}])
        self.assertEnds(self.world.eidactl("fetch", "gpt2", "-O", "set"), 5, "set holds https://", "choose another directory with -O")
        # SST-2's digest is published, and this is not that file.
        other = self.world.eidactl("fetch", "qqp")
        self.assertEnds(other, 3, "QQP-clean.zip", "404")

    def test_the_list_needs_no_network(self):
        self.world.variables["HF_ENDPOINT"] = "http://127.0.0.1:1"
        names = self.world.eidactl("fetch", "--list", "-o", "name")
        self.assertEnds(names, 0)
        for name in ("roberta-base", "bert-base-uncased", "gpt2", "mbart-large-cc25", "qqp", "sst2", "e2e", "wmt16-ro-en"):
            self.assertIn(name, names.out.split())


if __name__ == "__main__":
    unittest.main()
