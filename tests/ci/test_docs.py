from ci.docs import README, generated


def test_the_generated_parts_of_the_readme_are_current():
    text = README.read_text("utf-8")
    assert generated(text) == text, "run `make docs` and commit the result"


def test_the_readme_reaches_a_runnable_command_early():
    before = README.read_text("utf-8").split("make demo")[0]
    assert len(before.split()) < 150
