"""Pages of elmo plot in headless Chromium. ELMO_SCREENSHOTS names a folder to leave pictures of them
in, at three sizes of the window."""
import json
import os
import pathlib
import sys
import tempfile
import unittest

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from page_support import ODD, bank_sentences, write_distances, write_dump, write_log
from trained import ProgramTest

SHOTS = os.environ.get("ELMO_SCREENSHOTS")
SIZES = ((1400, 900), (900, 700), (390, 800))


def start_browser(profile):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for word in ("--headless=new", "--disable-dev-shm-usage", f"--user-data-dir={profile}",
                 *(["--no-sandbox"] if os.geteuid() == 0 else [])):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


class BrowserTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        profile = tempfile.TemporaryDirectory()
        cls.addClassCleanup(profile.cleanup)
        cls.browser = start_browser(profile.name)
        cls.addClassCleanup(cls.browser.quit)

    def open(self, *words, size=SIZES[0]):
        page = self.folder / "page.html"
        self.elmo("plot", *words, "--output", page)
        self.resize(*size)
        self.browser.get_log("browser"), self.browser.get_log("performance")
        self.browser.get(page.as_uri())
        self.address = page.as_uri()

    def tearDown(self):
        """No page writes errors, and none asks for anything but itself."""
        self.assertEqual([entry["message"] for entry in self.browser.get_log("browser")], [])
        asked = [event["params"]["request"]["url"]
                 for event in (json.loads(entry["message"])["message"]
                               for entry in self.browser.get_log("performance"))
                 if event["method"] == "Network.requestWillBeSent"]
        self.assertEqual(set(asked), {self.address})

    def resize(self, width, height):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def run_script(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def find(self, name):
        return self.browser.find_element(By.ID, name)

    def text(self, name):
        """What is shown, without the width of blanks."""
        return " ".join(self.find(name).text.split())

    def wait(self, condition):
        WebDriverWait(self.browser, 10, 0.05).until(lambda _: condition())

    def places(self):
        return self.run_script("return [...px].map((x, i) => [x, py[i]])")

    def point_at(self, i):
        """Moves the pointer onto point i."""
        x, y = self.places()[i]
        box = self.find("map").rect
        ActionChains(self.browser, 0).move_to_element_with_offset(
            self.find("map"), round(x - box["width"] / 2), round(y - box["height"] / 2)).perform()

    def shoot(self, name):
        if not SHOTS:
            return
        for width, height in SIZES:
            self.resize(width, height)
            self.run_script("return new Promise((done) => setTimeout(done, 300))")
            self.browser.save_screenshot(str(pathlib.Path(SHOTS) / f"{name}-{width}x{height}.png"))
        self.resize(*SIZES[0])

    def open_bank(self, count=60):
        self.open("words", write_dump(self.folder / "v.h5", bank_sentences(count)), "--word", "bank")

    def test_the_policy_forbids_requests_and_scripts(self):
        self.open_bank()
        blocked = self.browser.execute_async_script("""
            const done = arguments[0], seen = [];
            document.addEventListener("securitypolicyviolation", (event) => {
              seen.push(event.effectiveDirective);
              if (seen.length === 3) done(seen.sort());
            });
            fetch("http://127.0.0.1:9/").catch(() => {});
            new Image().src = "http://127.0.0.1:9/x.png";
            const script = document.createElement("script");
            script.textContent = "document.title = 'run'";
            document.body.append(script);""")
        self.assertEqual(blocked, ["connect-src", "img-src", "script-src-elem"])
        self.assertEqual(self.browser.title, "bank")
        # The refusals stand in the logs.
        self.browser.get_log("browser"), self.browser.get_log("performance")
        self.browser.get(self.address)

    def test_words_are_text(self):
        self.open_bank()
        self.assertEqual(self.text("about"), "60 places in 60 sentences of v.h5")
        for i, word in enumerate(ODD):
            self.run_script("choose(arguments[0], true); hover(arguments[0], 9, 9)", i)
            kind = "river" if i % 3 else "money"
            for name in ("tip-text", "sentence"):
                self.assertEqual(self.run_script("return byId(arguments[0]).textContent", name), f"w{i} {kind} bank {word}")
                self.assertEqual(self.find(name).find_element(By.TAG_NAME, "mark").text, "bank")
        self.assertEqual(self.browser.find_elements(By.TAG_NAME, "b"), [])
        self.assertEqual(len(self.browser.find_elements(By.TAG_NAME, "script")), 2)

    def test_hovering_shows_the_sentence(self):
        self.open_bank()
        self.assertFalse(self.find("tip").is_displayed())
        self.point_at(7)
        self.assertEqual(self.text("tip-text"), "w7 river bank 배를")
        self.assertIn("line 8", self.text("tip-from"))
        box, tip = self.find("figure").rect, self.find("tip").rect
        self.assertGreaterEqual(tip["x"], box["x"])
        self.assertLessEqual(tip["x"] + tip["width"], box["x"] + box["width"])
        ActionChains(self.browser, 0).move_to_element(self.find("title")).perform()
        self.assertFalse(self.find("tip").is_displayed())

    def test_the_slider_moves_the_points(self):
        self.open_bank()
        end = self.places()
        self.run_script("""
            const slider = byId("layer");
            slider.value = 1.5;
            slider.dispatchEvent(new Event("input", { bubbles: true }));""")
        between = self.places()
        self.run_script("""byId("layer").value = 1; byId("layer").dispatchEvent(new Event("input"));""")
        begin = self.places()
        self.assertEqual(self.text("layer-name"), "layer 1")
        # On a straight way from layer to layer, at most a part of the picture long.
        for a, b, c in zip(begin, between, end):
            for axis in (0, 1):
                self.assertAlmostEqual(b[axis], (a[axis] + c[axis]) / 2, delta=0.01)
        self.assertGreater(max(abs(a[0] - c[0]) for a, c in zip(begin, end)), 5)
        for name, key, layer in (("layer", Keys.ARROW_LEFT, 0), ("map", "]", 1), ("map", "]", 2), ("map", "[", 1)):
            self.find(name).send_keys(key)
            self.wait(lambda: self.run_script("return at") == layer)
        # A drag let go between two layers ends at one.
        self.run_script("""
            byId("layer").value = 0.3;
            byId("layer").dispatchEvent(new Event("input"));
            byId("layer").dispatchEvent(new Event("change"));""")
        self.wait(lambda: self.run_script("return at") == 0)
        self.assertEqual(self.text("caption"), "layer 0: all vectors are the same")
        self.point_at(0)
        self.assertIn("59 more in this place", self.text("tip-from"))

    def test_a_click_lists_the_neighbours(self):
        self.open_bank()
        self.point_at(3)
        ActionChains(self.browser, 0).click().perform()
        self.assertEqual(self.text("sentence"), "w3 money bank")
        rows = self.find("nearest").find_elements(By.TAG_NAME, "button")
        self.assertEqual(len(rows), 10)
        data = self.run_script("return [data.layers[2].nearest[3], data.layers[2].cosines[3]]")
        for row, other, cosine in zip(rows, *data):
            self.assertIn("money bank", row.text.replace("\n", " "))
            self.assertIn(f"{cosine / 1000:.3f}", row.text)
        rows[0].click()
        self.assertTrue(self.text("sentence").startswith(f"w{data[0][0]} "))
        self.find("map").send_keys(Keys.ESCAPE)
        self.assertFalse(self.find("details").is_displayed())

    def test_search(self):
        self.open_bank()
        self.find("map").send_keys("/")
        self.browser.switch_to.active_element.send_keys("배를")
        self.assertEqual(self.text("found"), "6 of 60 places")
        lit = self.run_script("return [...lit].flatMap((on, i) => on ? [i] : [])")
        self.assertEqual(lit, [7, 17, 27, 37, 47, 57])
        for expected in (7, 17):
            self.find("search").send_keys(Keys.ENTER)
            self.assertEqual(self.run_script("return chosen"), expected)
        self.find("search").send_keys(Keys.ESCAPE)
        self.assertEqual(self.text("found"), "")

    def test_the_arrow_keys_reach_every_point(self):
        self.open_bank(25)
        self.find("map").send_keys(Keys.ARROW_RIGHT)
        self.assertGreaterEqual(self.run_script("return chosen"), 0)
        self.assertIn("bank", self.run_script("return byId('spoken').textContent"))
        reached = self.run_script("""
            const seen = new Set([chosen]), open = [chosen];
            while (open.length) {
              const from = open.pop();
              for (const way of Object.values(kArrows)) {
                chosen = from;
                const next = neighbourTowards(...way);
                if (next >= 0 && !seen.has(next)) { seen.add(next); open.push(next); }
              }
            }
            return seen.size;""")
        self.assertEqual(reached, 25)

    def test_zoom_and_drag(self):
        self.open_bank()
        whole = self.places()
        self.find("closer").click()
        closer = self.places()
        for axis in (0, 1):
            self.assertAlmostEqual(closer[0][axis] - closer[1][axis], 1.6 * (whole[0][axis] - whole[1][axis]), delta=0.01)
        ActionChains(self.browser, 0).move_to_element(self.find("map")).click_and_hold().move_by_offset(
            30, 20).move_by_offset(30, 20).release().perform()
        for (ax, ay), (bx, by) in zip(closer, self.places()):
            self.assertAlmostEqual(bx - ax, 60, delta=1)
            self.assertAlmostEqual(by - ay, 40, delta=1)
        self.assertEqual(self.run_script("return chosen"), -1)
        # The wheel leaves what is under the pointer there.
        before = self.places()
        self.run_script("""map.dispatchEvent(new WheelEvent("wheel", { deltaY: -200, cancelable: true,
            clientX: map.getBoundingClientRect().left + px[5], clientY: map.getBoundingClientRect().top + py[5] }));""")
        self.assertAlmostEqual(self.places()[5][0], before[5][0], delta=1)
        self.assertNotEqual(self.places()[0], before[0])
        self.find("map").send_keys("0")
        self.assertEqual(self.places(), whole)

    def test_colours(self):
        dump = write_dump(self.folder / "v.h5", bank_sentences(40))
        labels = self.folder / "labels.txt"
        labels.write_text("".join(f"<i>{i % 9}\n" for i in range(40)))
        self.open("words", dump, "--word", "bank", "w1", "--labels", labels)
        names = [row.text.split("\n")[0] for row in self.find("legend").find_elements(By.TAG_NAME, "button")]
        self.assertEqual(sorted(names), [f"<i>{i}" for i in range(9)])
        # Beyond the colours, the shape changes.
        shapes = [row.find_element(By.CSS_SELECTOR, "svg *").tag_name
                  for row in self.find("legend").find_elements(By.TAG_NAME, "button")]
        self.assertEqual(shapes, ["circle"] * 7 + ["polygon"] * 2)
        self.find("legend").find_elements(By.TAG_NAME, "button")[0].click()
        faded = self.run_script("return lit.filter((on) => !on).length")
        self.assertEqual(faded, self.run_script("return colouring.of.filter((group) => group === 0).length"))
        self.find("map").send_keys("c")
        self.assertEqual(self.run_script("return colouring.name"), "cluster")
        self.find("map").send_keys("c")
        self.assertEqual(self.run_script("return colouring.groups"), ["bank", "w1"])

    def test_a_hover_over_2000_points_takes_at_most_50_ms(self):
        self.open_bank(2000)
        median = self.run_script("""
            const box = map.getBoundingClientRect(), times = [];
            let shown = 0;
            for (let k = 0; k < 200; k++) {
              const i = (k * 37) % points.length;
              const event = new PointerEvent("pointermove", { clientX: box.left + px[i], clientY: box.top + py[i] });
              const begin = performance.now();
              map.dispatchEvent(event);
              times.push(performance.now() - begin);
              shown += !tip.hidden;
            }
            times.sort((a, b) => a - b);
            return [times[100], shown];""")
        print(f"median of 200: {median[0]:.2f} ms", file=sys.stderr)
        self.assertEqual(median[1], 200)
        self.assertLessEqual(median[0], 50)

    def test_one_point_and_one_layer(self):
        self.open("words", write_dump(self.folder / "v.h5", [["a", "bank", "."]], layers=1), "--word", "bank")
        self.assertEqual(self.text("about"), "1 place in 1 sentence of v.h5")
        self.assertFalse(self.find("layer").is_displayed())
        self.point_at(0)
        self.assertEqual(self.text("tip-text"), "a bank .")
        ActionChains(self.browser, 0).click().perform()
        self.assertEqual(self.find("nearest").find_elements(By.TAG_NAME, "li"), [])
        self.shoot("one")

    def test_20000_points(self):
        dump = write_dump(self.folder / "v.h5", [["bank", "river", "x%d" % (i % 50)] for i in range(20_000)], dimension=4)
        self.open("words", dump, "--word", "bank")
        self.assertEqual(self.text("sample"), "a sample: 5,000 of 20,000 places")
        self.open("words", dump, "--count", 20_000)
        self.assertEqual(self.text("sample"), "a sample: 20,000 of 60,000 places")
        self.point_at(5000)
        self.assertTrue(self.find("tip").is_displayed())
        self.shoot("20000")

    def test_curves_show_numbers_of_both_directions(self):
        self.open("log", write_log(self.folder))
        ActionChains(self.browser, 0).move_to_element(self.find("plot")).perform()
        self.assertEqual(self.text("tip-from"), "step: 200")
        rows = [" ".join(row.text.split()) for row in self.find("tip-rows").find_elements(By.TAG_NAME, "tr")]
        self.assertEqual(rows, ["forward, training 5", "forward, development 5",
                                "backward, training 6.173", "backward, development 6.173"])
        self.find("plot").send_keys(Keys.END)
        self.assertEqual(self.text("tip-from"), "step: 300")
        self.find("legend").find_elements(By.TAG_NAME, "button")[0].click()
        self.assertEqual(len(self.run_script("return [...plot.querySelectorAll('.curve')]")), 3)
        self.shoot("log")
        self.open("distance", write_distances(self.folder / "d.tsv"))
        self.find("plot").send_keys(Keys.HOME, Keys.ARROW_RIGHT)
        rows = [" ".join(row.text.split()) for row in self.find("tip-rows").find_elements(By.TAG_NAME, "tr")]
        self.assertEqual(rows, ["lstm 0.75", "</script><b> 0.75"])
        self.shoot("distance")

    def test_nothing_lies_beside_the_window(self):
        self.open_bank()
        self.find("map").send_keys(Keys.ARROW_RIGHT)
        for width, height in SIZES:
            self.resize(width, height)
            self.wait(lambda: self.run_script("return map.width") == self.run_script("return figure.clientWidth"))
            self.assertLessEqual(self.run_script("return document.documentElement.scrollWidth"), width)
            box = self.find("figure").rect
            self.assertGreater(box["width"], 300)
            self.assertGreaterEqual(box["height"], 300)
            for x, y in self.places():
                self.assertTrue(0 < x < box["width"] and 0 < y < box["height"])
        self.shoot("bank")


if __name__ == "__main__":
    BrowserTest.ELMO = sys.argv.pop(1)
    unittest.main()
