use super::{UnderTest, brought, findings};
use crate::coverage::FilePath;
use crate::syntax::Language;

/// Findings as `line code`.
fn check(test_path: &str, text: &str, under: &UnderTest, expected: &[&str]) {
    let path = FilePath::new(test_path);
    let language = Language::of(&path).unwrap();
    let found: Vec<String> = findings(language, &path, text, under)
        .iter()
        .map(|finding| format!("{} {}", finding.line.unwrap(), finding.code))
        .collect();
    assert_eq!(
        found,
        expected,
        "in\n{text}\n{:#?}",
        findings(language, &path, text, under)
    );
}

fn cart_py() -> UnderTest {
    UnderTest::new(
        &FilePath::new("src/shop/cart.py"),
        ["total", "Cart.add", "Cart.total", "load"],
    )
}

fn python(text: &str, expected: &[&str]) {
    check("tests/test_cart.py", text, &cart_py(), expected);
}

fn script(text: &str, expected: &[&str]) {
    let under = UnderTest::new(&FilePath::new("src/shop/cart.ts"), ["total", "Cart.add"]);
    check("tests/cart.test.ts", text, &under, expected);
}

fn java(text: &str, expected: &[&str]) {
    let under = UnderTest::new(&FilePath::new("src/main/java/shop/Cart.java"), ["Cart.add"]);
    check("src/test/java/shop/CartTest.java", text, &under, expected);
}

#[test]
fn python_assertions_count_in_every_dress() {
    python("def test_a():\n    assert total([1]) == 1\n", &[]);
    python(
        "def test_a():\n    with pytest.raises(ValueError):\n        total(None)\n",
        &[],
    );
    python(
        "class TestA(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(total([1]), 1)\n",
        &[],
    );
    python(
        "def check(x):\n    assert x\ndef outer(x):\n    check(x)\ndef test_a():\n    outer(total([1]))\n",
        &[],
    );
    python("def test_a(m):\n    m.assert_called_once_with(1)\n", &[]);
    python(
        "async def test_a():\n    assert await total([1]) == 1\n",
        &[],
    );
    python("@pytest.fixture\ndef test_client():\n    return 1\n", &[]);
    python(
        "def test_a():\n    def test_inner():\n        pass\n    assert total(test_inner) == 0\n",
        &[],
    );
}

#[test]
fn python_tests_without_an_assertion_are_found() {
    python("def test_a():\n    total([1])\n", &["1 no-assertion"]);
    python(
        "def test_a():\n    # assert total([1]) == 1\n    'assert'\n    total([1])\n",
        &["1 no-assertion"],
    );
    python(
        "def test_a():\n    print(total([1]))\ndef test_b():\n    assert total([]) == 0\n",
        &["1 no-assertion"],
    );
    python(
        "def test_a():\n    try:\n        assert total([1]) == 2\n    except Exception:\n        pass\n",
        &["1 no-assertion"],
    );
}

#[test]
fn python_assertions_that_hold_whatever_the_code_does_are_none() {
    for text in [
        "assert True",
        "assert 1",
        "assert not False",
        "assert 1 == 1",
        "assert x == x",
        "assert (total(1) == 1, 'why')",
        "assert total(1) == 2 or True",
    ] {
        python(
            &format!("def test_a(x):\n    total(x)\n    {text}\n"),
            &["3 no-assertion"],
        );
    }
    for text in [
        "self.assertTrue(True)",
        "self.assertEqual(1, 1)",
        "self.assertIsNotNone('x')",
    ] {
        python(
            &format!(
                "class TestA(TestCase):\n    def test_a(self):\n        total(1)\n        {text}\n"
            ),
            &["4 no-assertion"],
        );
    }
    python(
        "def test_a(x):\n    assert True\n    assert total(x) == 1\n",
        &[],
    );
    python("def test_a(x):\n    assert next(x) == next(x)\n", &[]);
}

#[test]
fn python_replacing_the_code_under_test_is_over_mocked() {
    let body = "    assert total([1]) == 1\n";
    python(
        &format!("@patch('shop.cart.total')\ndef test_a(m):\n{body}"),
        &["1 over-mocked"],
    );
    python(
        &format!(
            "def test_a():\n  with mock.patch('src.shop.cart.Cart.add', return_value=1):\n{body}"
        ),
        &["2 over-mocked"],
    );
    python(
        &format!(
            "from shop import cart\ndef test_a(monkeypatch):\n    monkeypatch.setattr(cart, 'total', lambda x: 1)\n{body}"
        ),
        &["3 over-mocked"],
    );
    python(
        &format!(
            "from shop.cart import Cart\ndef test_a():\n    with patch.object(Cart, 'add'):\n        pass\n{body}"
        ),
        &["3 over-mocked"],
    );
    python(
        &format!(
            "import shop.cart as c\ndef test_a():\n    c.total = Mock(return_value=1)\n{body}"
        ),
        &["3 over-mocked"],
    );
    python(
        &format!("import sys\nsys.modules['shop.cart'] = Mock()\ndef test_a():\n{body}"),
        &["2 over-mocked"],
    );
}

#[test]
fn python_mocking_what_the_code_only_uses_is_not() {
    let body = "    assert total([1]) == 1\n";
    // `requests` is imported by the module under test, not defined in it: external input and output.
    python(
        &format!("@patch('shop.cart.requests.get')\ndef test_a(m):\n{body}"),
        &[],
    );
    python(
        &format!("@patch('shop.store.load')\ndef test_a(m):\n{body}"),
        &[],
    );
    python(
        &format!("@patch('builtins.open')\ndef test_a(m):\n{body}"),
        &[],
    );
    python(
        &format!(
            "from other import cart\ndef test_a(monkeypatch):\n    monkeypatch.setattr(cart.http, 'total', 1)\n{body}"
        ),
        &[],
    );
    python(
        &format!(
            "from shop.cart import Cart\ndef test_a():\n    c = Cart()\n    c.total = 3\n{body}"
        ),
        &[],
    );
}

#[test]
fn python_clock_chance_network_and_snapshots_are_told_without_blocking() {
    python(
        "import time\ndef test_a():\n    time.sleep(1)\n    assert total([1]) == 1\n",
        &["3 sleep"],
    );
    python(
        "def test_a():\n    assert total([random.random()]) < 1\n",
        &["2 sleep"],
    );
    python(
        "def test_a():\n    random.seed(1)\n    assert total([random.random()]) < 1\n",
        &[],
    );
    python(
        "def test_a(snapshot):\n    assert total([1]) == snapshot\n",
        &["2 snapshot"],
    );
    python(
        "def test_a():\n    assert total(requests.get('http://x').json()) == 1\n",
        &["2 sleep"],
    );
}

#[test]
fn script_assertions_count_in_every_dress() {
    for body in [
        "expect(total([1])).toBe(1)",
        "expect(total([1])).not.toBe(2)",
        "await expect(total([1])).rejects.toThrow('x')",
        "expect(() => total(null)).toThrow()",
        "assert.equal(total([1]), 1)",
        "assert(total([1]) === 1)",
        "expect(total([1])).to.be.true;",
        "total([1]).should.equal(1)",
        "t.is(total([1]), 1)",
        "check(total([1]))",
        "expect(total).toBeDefined(); expect(total([1])).toEqual(1)",
    ] {
        script(
            &format!(
                "const check = (x) => {{ expect(x).toBe(1); }};\nit('adds', async (t) => {{ {body} }});\n"
            ),
            &[],
        );
    }
    script(
        "test.each([[1], [2]])('adds %d', (n) => { expect(total([n])).toBe(n); });\n",
        &[],
    );
    script(
        "describe('cart', () => { beforeEach(() => {}); test.todo('more'); });\n",
        &[],
    );
}

#[test]
fn script_tests_without_an_assertion_are_found() {
    for body in [
        "total([1])",
        "// expect(total([1])).toBe(1)\n",
        "expect(total([1]))",
        "expect.assertions(0)",
        "console.log('expect(1).toBe(1)')",
    ] {
        script(
            &format!("it('adds', () => {{ {body} }});\n"),
            &["1 no-assertion"],
        );
    }
    for body in [
        "expect(true).toBe(true)",
        "expect(1).toEqual(1)",
        "assert.ok(true)",
        "assert.equal(1, 1)",
        "expect(total).toBe(total)",
    ] {
        script(
            &format!("it('adds', () => {{\n total([1]); {body} }});\n"),
            &["2 no-assertion"],
        );
    }
    script(
        "it('adds', () => {\n try { expect(total([1])).toBe(2) } catch (e) {} });\n",
        &["1 no-assertion"],
    );
    script(
        "test.each([[1], [2]])('adds %d', (n) => { total([n]); });\n",
        &["1 no-assertion"],
    );
}

#[test]
fn script_replacing_the_module_under_test_is_over_mocked() {
    let body = "it('adds', () => { expect(total([1])).toBe(1); });\n";
    script(
        &format!("vi.mock('../src/shop/cart', () => ({{ total: () => 1 }}));\n{body}"),
        &["1 over-mocked"],
    );
    script(
        &format!("jest.mock('../src/shop/cart.ts');\n{body}"),
        &["1 over-mocked"],
    );
    script(
        &format!("vi.mock(import('../src/shop/cart'));\n{body}"),
        &["1 over-mocked"],
    );
    script(
        &format!("jest.mock('@/shop/cart');\n{body}"),
        &["1 over-mocked"],
    );
    script(
        &format!(
            "import * as cart from '../src/shop/cart';\njest.spyOn(cart, 'total').mockReturnValue(1);\n{body}"
        ),
        &["2 over-mocked"],
    );
    script(
        &format!("vi.mock('../src/shop/store');\njest.mock('axios');\n{body}"),
        &[],
    );
    // A spy that only watches runs the real code.
    script(
        &format!("import * as cart from '../src/shop/cart';\njest.spyOn(cart, 'total');\n{body}"),
        &[],
    );
    script(
        &format!("jest.spyOn(console, 'log').mockImplementation(() => {{}});\n{body}"),
        &[],
    );
}

#[test]
fn script_clock_chance_network_and_snapshots_are_told_without_blocking() {
    script(
        "it('a', async () => { await new Promise(r => setTimeout(r, 50)); expect(total([1])).toBe(1); });\n",
        &["1 sleep"],
    );
    script(
        "vi.useFakeTimers();\nit('a', () => { setTimeout(total, 50); expect(total([1])).toBe(1); });\n",
        &[],
    );
    script(
        "it('a', () => { expect(total([1])).toMatchSnapshot(); });\n",
        &["1 snapshot"],
    );
    script(
        "it('a', () => { expect(total([Math.random()])).toBe(1); });\n",
        &["1 sleep"],
    );
}

#[test]
fn java_tests() {
    let class = |body: &str| format!("class CartTest {{\n{body}\n}}\n");
    java(
        &class("@Test void adds() { assertEquals(1, new Cart().add(1)); }"),
        &[],
    );
    java(
        &class("@Test void adds() { assertThat(new Cart().add(1)).isEqualTo(1); }"),
        &[],
    );
    java(
        &class("@Test void adds() { assertThrows(E.class, () -> new Cart().add(null)); }"),
        &[],
    );
    java(
        &class("@Test(expected = E.class) public void adds() { new Cart().add(null); }"),
        &[],
    );
    java(
        &class(
            "@Test void adds() { check(1); }\nprivate void check(int n) { assertEquals(n, new Cart().add(n)); }",
        ),
        &[],
    );
    java(
        &class("@Test void adds() { verify(store).save(any()); }\n@Mock Store store;"),
        &[],
    );
    java(
        &class("@Test void adds() { new Cart().add(1); }"),
        &["2 no-assertion"],
    );
    java(
        &class("@Test void adds() { assertThat(new Cart().add(1)); }"),
        &["2 no-assertion"],
    );
    java(
        &class("@Test void adds() { assertTrue(true); }"),
        &["2 no-assertion"],
    );
    java(
        &class("@Test void adds() { assertEquals(\"why\", 1, 1); }"),
        &["2 no-assertion"],
    );
    java(
        &class("@Mock Cart cart;\n@Test void adds() { assertEquals(1, cart.add(1)); }"),
        &["2 over-mocked"],
    );
    java(
        &class("@Test void adds() { Cart c = mock(Cart.class); assertEquals(1, c.add(1)); }"),
        &["2 over-mocked"],
    );
    java(
        &class(
            "@Test void adds() throws Exception { Thread.sleep(5); assertEquals(1, new Cart().add(1)); }",
        ),
        &["2 sleep"],
    );
}

#[test]
fn broken_and_hostile_texts_end_quietly() {
    let brackets = |bracket: &str| bracket.repeat(20_000);
    let deep = format!(
        "def test_a():\n    x = {}1{}\n",
        brackets("("),
        brackets(")")
    );
    python(&deep, &["1 no-assertion"]);
    script("it('a', () => {{{{(", &[]);
    java("class { @Test void", &[]);
}

/// What a change to a test file brought, as `line code`.
fn check_change(test_path: &str, before: &str, after: &str, expected: &[&str]) {
    let path = FilePath::new(test_path);
    let language = Language::of(&path).unwrap();
    let brought = brought(language, &path, Some(before), after, &cart_py());
    let found: Vec<String> = brought
        .iter()
        .map(|finding| match finding.line {
            Some(line) => format!("{line} {}", finding.code),
            None => format!("- {}", finding.code),
        })
        .collect();
    assert_eq!(found, expected, "in\n{after}\n{brought:#?}");
}

#[test]
fn old_smells_of_a_changed_file_are_not_the_changes() {
    let old = "import time\ndef test_old():\n    total(1)\n    time.sleep(1)\n";
    let new = "def test_new():\n    assert total(1) == 1\n";
    check_change("test_a.py", old, &format!("{new}{old}"), &[]);
    let again = "def test_new():\n    assert total(1) == 1\n    time.sleep(1)\n";
    check_change("test_a.py", old, &format!("{again}{old}"), &["7 sleep"]);
    let nothing = "def test_new():\n    total(1)\n";
    check_change(
        "test_a.py",
        old,
        &format!("{old}{nothing}"),
        &["5 no-assertion"],
    );
    // The assertion was taken out of a test that had one.
    let asserted = "def test_a():\n    x = total(1)\n    assert x == 1\n";
    let gutted = "def test_a():\n    x = total(1)\n";
    check_change("test_a.py", asserted, gutted, &["1 no-assertion"]);
}

#[test]
fn a_test_that_ran_and_is_told_not_to_is_found() {
    let test = "def test_a():\n    assert total(1) == 1\n";
    for skipped in [
        format!("@pytest.mark.skip\n{test}"),
        format!("@pytest.mark.skipif(True, reason='x')\n{test}"),
        format!("@pytest.mark.xfail(reason='x')\n{test}"),
        format!("@unittest.skip('x')\n{test}"),
        format!("pytestmark = [pytest.mark.skip]\n{test}"),
    ] {
        check_change("test_a.py", test, &skipped, &["1 tests-skipped"]);
        check_change("test_a.py", &skipped, &skipped, &[]);
        check_change("test_a.py", &skipped, test, &[]);
    }
    let inside = "def test_a():\n    pytest.skip('x')\n    assert total(1) == 1\n";
    check_change("test_a.py", test, inside, &["2 tests-skipped"]);
    // A new test may be for one platform only; it took nothing away.
    let new = format!(
        "{test}@pytest.mark.skipif(WINDOWS, reason='x')\ndef test_b():\n    assert total(2) == 2\n"
    );
    check_change("test_a.py", test, &new, &[]);
    // Words in comments and texts skip nothing.
    let words = format!("# @pytest.mark.skip\n{test}    x = 'pytest.skip()'\n");
    check_change("test_a.py", test, &words, &[]);
}

#[test]
fn a_test_that_is_gone_from_its_file_does_not_run() {
    let two = "def test_a():\n    assert total(1) == 1\ndef test_b():\n    assert total(2) == 2\n";
    let other = two.replace("test_b", "test_c");
    check_change("test_a.py", two, &other, &["- tests-skipped"]);
    check_change("test_a.py", &other, &format!("{other}{two}"), &[]);
    let script = "it('adds', () => { expect(total([1])).toBe(1); });\n";
    check_change(
        "a.test.ts",
        script,
        &script.replace("adds", "sums"),
        &["- tests-skipped"],
    );
    let java = "class T {\n@Test void adds() { assertEquals(1, f()); }\n}\n";
    check_change(
        "T.java",
        java,
        &java.replace("adds", "sums"),
        &["- tests-skipped"],
    );
}

#[test]
fn what_reaches_into_the_measurement_is_seen() {
    for reach in [
        "import coverage",
        "from coverage.data import CoverageData",
        "from os import _exit",
        "import os\nos._exit(0)",
        "import sys\nsys.monitoring.free_tool_id(1)",
        "import sys\nsys.settrace(None)",
        "import importlib\nimportlib.import_module('coverage')",
        "open('out/coverage.json', 'w')",
        "def fixture(request):\n    request.config.pluginmanager.unregister(name='_cov')\n    request.config.pluginmanager.getplugin('_cov')",
    ] {
        let text = format!("def test_a():\n    assert total(1) == 1\n{reach}\n");
        let under = cart_py();
        let path = FilePath::new("tests/test_a.py");
        let found = findings(Language::Python, &path, &text, &under);
        assert!(
            found
                .iter()
                .any(|finding| finding.code.name() == "report-forged"),
            "{reach}"
        );
    }
    python(
        "import os\nimport sys\n# coverage.json\ndef test_a():\n    sys.exit\n    assert total(os.getpid()) == 1, 'coverage is low'\n",
        &[],
    );
    script(
        "it('a', () => { expect(total([1])).toBe(1); globalThis.__coverage__ = {}; });",
        &["1 report-forged"],
    );
    script(
        "import { Session } from 'node:inspector';\nit('a', () => { expect(total([1])).toBe(1); });",
        &["1 report-forged"],
    );
    script(
        "it('a', () => { jest.spyOn(process, 'exit'); expect(total([1])).toBe(1); });",
        &[],
    );
    java(
        "import org.jacoco.agent.rt.RT;\nclass T { @Test void adds() { assertEquals(1, new Cart().add(1)); } }",
        &["1 report-forged"],
    );
}

#[test]
fn skips_of_scripts_and_java() {
    let test = "it('adds', () => { expect(total([1])).toBe(1); });\n";
    for skipped in [
        "it.skip('adds', () => { expect(total([1])).toBe(1); });\n",
        "xit('adds', () => { expect(total([1])).toBe(1); });\n",
        "it.only('other', () => { expect(total([1])).toBe(1); });\nit('adds', () => { expect(total([1])).toBe(1); });\n",
        "it('adds', { skip: true }, () => { expect(total([1])).toBe(1); });\n",
        "describe.only('new', () => {});\nit('adds', () => { expect(total([1])).toBe(1); });\n",
        "it('adds', function () { this.skip(); expect(total([1])).toBe(1); });\n",
        "test.skip.each([[1]])('adds', () => { expect(total([1])).toBe(1); });\n",
    ] {
        check_change("a.test.ts", test, skipped, &["1 tests-skipped"]);
        check_change("a.test.ts", skipped, skipped, &[]);
    }
    for fine in [
        "it('adds', () => { expect(total([1])).toBe(1); });\nit('skip', () => { expect(total([1])).toBe(1); });\n",
        "it('adds', () => { iterator.skip(1); expect(total([1])).toBe(1); });\n",
        "it('adds', { skip: false }, () => { expect(total([1])).toBe(1); });\n",
        "it.each([[1]])('adds', () => { expect(total([1])).toBe(1); });\n",
        "it('adds', () => { expect(total([1])).toBe(1); });\nit.skip('new', () => { expect(1 + total([])).toBe(1); });\n",
    ] {
        check_change("a.test.ts", test, fine, &[]);
    }
    let java = "class T {\n@Test void adds() { assertEquals(1, f()); }\n}\n";
    for skipped in [
        "class T {\n@Disabled @Test void adds() { assertEquals(1, f()); }\n}\n",
        "class T {\n@Ignore(\"x\") @Test void adds() { assertEquals(1, f()); }\n}\n",
        "class T {\n@Test void adds() { assumeTrue(false); assertEquals(1, f()); }\n}\n",
    ] {
        check_change("T.java", java, skipped, &["2 tests-skipped"]);
    }
    let platform =
        "class T {\n@Test void adds() { assumeTrue(isLinux()); assertEquals(1, f()); }\n}\n";
    check_change("T.java", java, platform, &[]);
}
