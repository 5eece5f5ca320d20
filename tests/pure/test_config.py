"""Options from a file and the environment: who wins, and what is said of a file that is wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
import pytest
from hostile.words import FRAGMENTS, harm

from mlflow_ops.cli import COMMANDS, group, in_force, main, owned
from mlflow_ops.config import checking, finding, refusing
from mlflow_ops.config.reading import Table, WrongFile

Capture = pytest.CaptureFixture[str]


def write(text: str, path: str = "mlflow-ops.toml") -> Path:
    """Put a file of options where the command line is run, or elsewhere."""
    found = Path(path).absolute()
    found.parent.mkdir(parents=True, exist_ok=True)
    found.write_text(text, encoding="utf-8")
    return found


def ran(capsys: Capture, *words: str) -> tuple[int, str, str]:
    """Run a command line in this process; return its exit code and what it said."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(words)
    return int(ended.value.code or 0), *capsys.readouterr()


def nearest(named: str | None = None) -> Table:
    """Return the file that is in force, which there must be."""
    found = finding.found(named)
    assert found
    return found


def options(capsys: Capture, *words: str) -> dict[str, dict[str, Any]]:
    """Return what `config` says, by command and option."""
    code, out, err = ran(capsys, "config", "--json", *words)
    assert code == 0, err
    every = json.loads(out)["options"]
    return {" ".join(filter(None, (each["command"], each["option"]))): each for each in every}


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert options(capsys)["name"]["source"] == "default"
    path = write('name = "filed"\n')
    found = options(capsys)["name"]
    assert (found["value"], found["source"], found["where"]) == ("filed", "file", str(path))
    monkeypatch.setenv("MLFLOW_OPS_NAME", "around")
    found = options(capsys)["name"]
    assert (found["value"], found["where"]) == ("around", "MLFLOW_OPS_NAME")
    found = options(capsys, "--name", "typed")["name"]
    assert (found["value"], found["source"]) == ("typed", "command line")
    monkeypatch.setenv("MLFLOW_OPS_NAME", "")  # as good as unset
    assert options(capsys)["name"]["value"] == "filed"


def test_a_commands_own_options_come_from_its_table_and_its_variables(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('[up]\nallow = ["203.0.113.0/24"]\ntls = true\n[user.add]\npassword-file = "x"\n')
    monkeypatch.setenv("MLFLOW_OPS_UP_INSTANCE_TYPE", "t3.small")
    monkeypatch.setenv("MLFLOW_OPS_UP_AUTH", "1")
    found = options(capsys, "up")
    assert found["up allow"]["value"] == ["203.0.113.0/24"]
    assert found["up auth"]["value"] is True
    assert found["up instance-type"]["where"] == "MLFLOW_OPS_UP_INSTANCE_TYPE"
    assert found["up fresh"]["source"] == "default"
    every = options(capsys)
    assert every["user add password-file"]["source"] == "file"
    assert "up fresh" not in every  # nobody has said anything of it


def test_the_region_is_shown_with_what_of_awss_own_says_it(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = options(capsys)["region"]
    assert (found["value"], found["source"]) == ("us-east-1", "default")
    config = write("[default]\nregion = eu-north-1\n[profile p]\nregion = eu-west-3\n", "config")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    found = options(capsys, "--profile", "p")["region"]
    assert (found["value"], found["source"], found["where"]) == ("eu-west-3", "aws", str(config))
    assert options(capsys, "--profile", "nobody")["region"]["value"] == "us-east-1"
    monkeypatch.setenv("AWS_REGION", "eu-west-2")
    assert options(capsys)["region"]["where"] == "AWS_REGION"
    assert options(capsys, "--sandbox")["region"]["value"] == "us-east-1"


def test_the_nearest_file_is_taken_and_none_above_the_repository_or_home(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    top = write('name = "top"\n')
    below = write('[tool.mlflow-ops]\nname = "below"\n', "a/pyproject.toml").parent
    write("[tool.other]\n", "a/b/pyproject.toml")
    monkeypatch.chdir(below / "b")
    assert nearest().content == {"name": "below"}
    own = write('name = "own"\n', str(below / "mlflow-ops.toml"))
    assert nearest().path == own
    repository = below / "b" / "repository"
    (repository / ".git").mkdir(parents=True)
    monkeypatch.chdir(repository)
    assert finding.found(None) is None
    assert nearest(str(top)).path == top
    home = top.parent / "home"
    monkeypatch.chdir(home)
    assert finding.found(None) is None  # though there is one above
    assert write('name = "mine"\n', str(home / "mlflow-ops.toml")) == nearest().path


def test_a_file_that_somebody_else_has_put_above_us_is_not_obeyed() -> None:
    path = write('[up]\nallow = ["0.0.0.0/0"]\n')
    strange(path)
    with pytest.raises(WrongFile, match="another user"):
        finding.found(None, user=12_345)
    assert finding.found(str(path), user=12_345)  # named, it is


def test_somebody_elses_file_is_refused_unread_and_their_link_too(tmp_path: Path) -> None:
    path = write("this is no TOML")
    strange(path)
    with pytest.raises(WrongFile, match="another user"):
        finding.found(None, user=12_345)
    path.unlink()
    path.symlink_to("/etc/passwd")  # root's: as a file, it would be obeyed
    strange(path)
    with pytest.raises(WrongFile, match="another user"):
        finding.found(None, user=12_345)
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    assert finding.found(None, user=12_345) is None


def test_somebody_elses_pyproject_stops_us_only_when_it_has_options_of_ours() -> None:
    path = write("<<<<<<< HEAD\n", "pyproject.toml")
    strange(path)
    assert finding.found(None, user=12_345) is None
    path.write_text("<<<<<<< HEAD\n[tool.mlflow-ops.up]\n", encoding="utf-8")
    with pytest.raises(WrongFile, match="another user"):
        finding.found(None, user=12_345)


def strange(path: Path) -> None:
    """Give a file, or a link, to a user who is neither root nor 12345."""
    if os.getuid() == 0:
        os.chown(path, 54_321, -1, follow_symlinks=False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('nam = "x"', ("nam is no option here", "did you mean name?")),
        ('ttl = "8h"', ("ttl is an option of ", "`up`", "put it under [up]")),
        ("allow = ['203.0.113.0/24']", ("allow is an option of ", "put it under [up]")),
        ("admin = true", ("admin is an option of `user add`: put it under [user.add]",)),
        ('[upp]\nttl = "8h"', ("upp is no option here", "did you mean up?")),
        ('[status]\nttl = "8h"', ("[status] ttl is no option here", "there are none")),
        ("[status]\nname = 'x'", ("[status] name is for all commands", "top of the file")),
        ("status = 3", ("status is a command's table: write [status]",)),
        ("name = 3", ("name must be a text in quotes",)),
        ("name = true", ("name must be a text in quotes",)),
        ("name = ['x']", ("name must be a text in quotes",)),
        ("sandbox = 'yes'", ("sandbox must be true or false",)),
        ("no-sandbox = true", ("write sandbox = false",)),
        ("yes = true", ("for the command line alone", "consent is given anew")),
        ("json = true", ("for the command line alone",)),
        ("name = \n", ("is no TOML", "line 1")),
        ("name = '\x00'", ("is no TOML",)),
    ],
)
def test_a_file_that_is_wrong_is_named_with_the_key_and_nothing_is_done(
    capsys: Capture, text: str, said: tuple[str, ...]
) -> None:
    path = write(text)
    code, out, err = ran(capsys, "status", "--json")
    assert code == 2
    assert err.startswith(f"Error: {path}")
    assert all(each in err for each in said), err
    assert json.loads(out)["error"] in err.replace("\n", "")
    assert not Path(os.environ["MLFLOW_OPS_HOME"]).exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[up]\nalow = []", ("[up] alow is no option here", "did you mean allow?")),
        ("[up]\nyes = true", ("[up] yes is for the command line alone", "--yes")),
        ("[up]\ndry-run = true", ("[up] dry-run is for the command line alone", "--dry-run")),
        ("[doctor]\nami = 'x'", ("[doctor] ami is an option of `up`: put it under [up].",)),
        ("[up]\nartifacts = 'sideways'", ("[up] artifacts", "'sideways'", "proxied")),
        ("[up]\nallow = []", ("[up] allow is an empty list: name a value, or leave it out",)),
        ("[train]\nalpha = -1", ("alpha must be a number of 0 or more, not -1",)),
        ("[train]\nl1-ratio = [0.5, 2]", ("l1_ratio must be between 0 and 1, not 2",)),
        ("[runs]\ndescending = true", ("[runs] descending is no option", "ascending = false.")),
        ("[runs]\ndescending = false", ("[runs] descending is no option", "ascending = true.")),
        ("[up]\nallow = [3]", ("[up] allow must be a text in quotes, or a list of them",)),
        ("[up]\nno-elastic-ip = true", ("write elastic-ip = false",)),
        ("[up]\nno-auth = true", ("[up] no-auth is for the command line or", "--no-auth")),
        ("[up]\nauth = false", ("auth = false is for", "--no-auth", "MLFLOW_OPS_UP_AUTH=0")),
        ("[up]\ntls = false", ("tls = false is for the command line or", "passwords")),
        ("[up]\nas-taught = true", ("MLFLOW_OPS_UP_AS_TAUGHT=1: it opens the stack",)),
        ("[up]\nfresh = true", ("fresh is for the command line or the environment alone",)),
        ("[down]\nno-backup = true", ("[down] no-backup is for", "as --no-backup or")),
        ("[stop]\nno-backup = true", ("[stop] no-backup is for", "may be lost")),
        ("[allow]\nremove = true", ("[allow] remove is for", "--remove")),
        ("[user.add]\nadmin = true", ("[user.add] admin is for", "everything")),
        ("[train]\nseed = 0.5", ("[train] seed must be a whole number",)),
        ("[train]\nalpha = 'much'", ("[train] alpha must be a number",)),
        ("[user]\nname = 'x'", ("[user] name is no option here", "add, list")),
        ("[user]\nadd = 3", ("add is a command's table: write [user.add]",)),
        ("[user.add]\nadmn = true", ("[user.add] admn", "did you mean admin?")),
    ],
)
def test_config_tells_what_is_wrong_in_any_table(
    capsys: Capture, text: str, said: tuple[str, ...]
) -> None:
    write(text)
    code, _, err = ran(capsys, "config")
    assert code == 2
    assert all(each in err.replace("user.add.add", "add") for each in said), err


def test_no_file_says_to_whom_the_login_of_the_shell_goes(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write('[train]\ntracking-uri = "http://127.0.0.1:9"\n')
    code, _, err = ran(capsys, "train", "--data", "sample")
    assert code == 2
    assert err.startswith(f"Error: {path}: [train] tracking-uri is for the command line or")
    assert "MLFLOW_OPS_TRAIN_TRACKING_URI: the login of your shell goes to the server" in err
    path.unlink()
    monkeypatch.setenv("MLFLOW_OPS_TRAIN_TRACKING_URI", "http://127.0.0.1:9")
    assert options(capsys, "train")["train tracking-uri"]["source"] == "environment"


def test_each_option_that_no_file_may_have_is_one_that_there_is() -> None:
    there = {each.option for leaf in every_command() for each in in_force.of_command(leaf, None)}
    assert {*refusing.NEVER, *refusing.NEVER_OFF} <= there


def test_what_comes_from_a_file_is_said_before_anything_is_done(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'name = "team"\nprofile = "nobody"\n[down]\nkeep-data = true\n[logs]\nlines = 3\n'
    path = write(text)

    def said(*words: str) -> tuple[list[str], list[str]]:
        _, out, err = ran(capsys, *words)
        return out.splitlines()[:1], err.splitlines()[:1]

    first = f"From {path}: keep-data, name, profile."
    assert said("down", "--yes")[0] == [first]
    assert said("down", "--dry-run", "--json")[1] == [first]
    assert said("down", "--yes", "--name", "x")[0] == [f"From {path}: keep-data, profile."]
    assert said("stop")[0] == [f"From {path}: name, profile."]
    # Where stdout is for other words, and which stack it is changes nothing.
    assert said("logs")[1] == [f"From {path}: lines."]
    assert said("logs", "--lines", "4")[1][0].startswith("Error: ")
    monkeypatch.setenv("MLFLOW_OPS_LOGS_LINES", "5")
    assert said("logs")[1][0].startswith("Error: ")
    # Without a cloud, some mean nothing.
    assert said("down", "--local", "--dry-run")[0] == [f"From {path}: name, profile."]


def test_a_broken_pyproject_that_is_not_ours_keeps_nothing_from_working(capsys: Capture) -> None:
    merge = "<<<<<<< HEAD\n[project]\ndependencies = ['mlflow-ops']\n=======\n"
    path = write(merge, "pyproject.toml")
    assert options(capsys)["name"]["source"] == "default"
    path.write_bytes(b"\xff\xfe")
    assert options(capsys)["name"]["source"] == "default"
    path.write_text(merge + '[tool.mlflow-ops]\nname = "team"\n', encoding="utf-8")
    code, _, err = ran(capsys, "config")
    assert (code, f"{path} is no TOML" in err, "--config /dev/null" in err) == (2, True, True)
    assert options(capsys, "--config", "/dev/null")["name"]["value"] == "mlflow"
    path.write_text(merge, encoding="utf-8")
    assert "is no TOML" in ran(capsys, "config", "--config", str(path))[2]  # named, it is ours


def test_a_mistake_in_one_commands_table_keeps_no_other_from_working(capsys: Capture) -> None:
    write("[up]\nalow = []\n")
    assert ran(capsys, "status", "--local")[0] == 3
    assert ran(capsys, "up", "--local", "--dry-run")[0] == 2


def test_a_broken_file_does_not_keep_the_help_from_being_shown(capsys: Capture) -> None:
    write("name = ")
    code, out, _ = ran(capsys, "up", "--help")
    assert (code, "--allow" in out) == (0, True)


def test_a_shell_that_starts_beside_a_broken_file_has_its_completion(capsys: Capture) -> None:
    path = write("name = ")
    for named in ((), ("--config", str(path))):
        code, out, err = ran(capsys, "completion", "bash", *named)
        assert (code, "_mlflow_ops_completion" in out, err) == (0, True, "")


@pytest.mark.parametrize("said", ["".join(FRAGMENTS), "\x1b]0;x\x07", "\u202e", "a\nb"])
def test_what_a_file_says_reaches_no_terminal_as_it_is(capsys: Capture, said: str) -> None:
    quoted = "".join(f"\\U{ord(each):08x}" for each in said if not "\ud800" <= each <= "\udfff")
    for text in (f'"{quoted}" = 1', f'[up]\n"{quoted}" = 1', f'[up]\nartifacts = "{quoted}"'):
        write(text)
        code, out, err = ran(capsys, "config")
        assert (code, "is no TOML" in err) == (2, False)
        assert harm(out) == harm(err) == set()
        assert len(err.splitlines()) == 1
    write(f'[up]\nvpc-id = "{quoted}"\n')
    code, out, err = ran(capsys, "config")
    assert code == 0
    assert harm(out) == harm(err) == set()


def test_consent_comes_from_the_command_line_alone() -> None:
    for leaf in every_command():
        for option in leaf.command.params:
            if isinstance(option, click.Option) and option.name in {"yes", "as_json", "debug"}:
                assert option.envvar is None
                assert not leaf.auto_envvar_prefix


def test_every_other_option_has_a_variable_of_its_own() -> None:
    for leaf in every_command():
        own = in_force.of_command(leaf, None)
        typed = in_force.name(leaf)
        named = {str(option.envvar) for option in leaf.command.params if option.envvar}
        options = checking.keys(leaf.command.params)
        for each in own:
            whose = owned.owner(options[each.option], typed)
            words = f"MLFLOW_OPS_{whose}_{each.option}".upper()
            assert words.translate(str.maketrans(" -", "__")) in named
        assert len(named) == len(own) + len(
            ("name", "region", "profile", "sandbox", "local", "config")
        )


def test_no_option_takes_a_secret() -> None:
    said = {each.option for leaf in every_command() for each in in_force.of_command(leaf, None)}
    secret = {each for each in said if {"password", "secret", "token", "key"} & {*each.split("-")}}
    assert secret <= {"password-stdin", "password-file"}  # where it is, not what it is


def every_command() -> list[click.Context]:
    """Return a context for each command, with those of groups."""
    root = click.Context(group, info_name="mlflow-ops")
    # Those whose module is not there yet cannot be loaded.
    return [leaf for name in COMMANDS for leaf in in_force.leaves(root, name)]


def test_two_places_at_once_are_refused_unless_one_was_said_nearer(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = ran(capsys, "status", "--sandbox", "--local")
    assert (code, "two places" in err) == (2, True)
    write("sandbox = true\n")
    assert options(capsys, "--local")["sandbox"]["value"] is False
    monkeypatch.setenv("MLFLOW_OPS_LOCAL", "1")
    assert options(capsys)["local"]["value"] is True
    assert options(capsys, "--sandbox")["local"]["value"] is False
    monkeypatch.setenv("MLFLOW_OPS_SANDBOX", "1")
    code, _, err = ran(capsys, "config")
    assert (code, "MLFLOW_OPS_SANDBOX and MLFLOW_OPS_LOCAL are two places" in err) == (2, True)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("LOCAL", "abc", "Invalid value for MLFLOW_OPS_LOCAL: 'abc' is not a valid boolean"),
        ("NAME", "--", "MLFLOW_OPS_NAME: The stack name '--' will not do"),
        ("TRAIN_ALPHA", "0.1,0.5", "Invalid value for MLFLOW_OPS_TRAIN_ALPHA: '0.1,0.5' is not"),
        ("TRAIN_ALPHA", "-1", "MLFLOW_OPS_TRAIN_ALPHA: alpha must be a number of 0 or more"),
        ("TRAIN_ALPHA", " ", "MLFLOW_OPS_TRAIN_ALPHA: alpha and l1_ratio must have at least one"),
    ],
)
def test_a_wrong_value_is_blamed_on_the_variable_that_has_it(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"MLFLOW_OPS_{variable}", value)
    code, _, err = ran(capsys, "train", "--data", "/nowhere")  # which is not even looked for
    assert (code, f"Error: {said}" in err) == (2, True), err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sandbox = true\nlocal = true", "sandbox and local are two places"),
        ("name = ''", "The stack name '' will not do"),
    ],
)
def test_a_wrong_value_is_blamed_on_the_file_that_has_it(
    capsys: Capture, text: str, said: str
) -> None:
    path = write(text)
    code, _, err = ran(capsys, "status")
    assert (code, f"Error: {path}: {said}" in err) == (2, True), err


def test_the_commands_that_are_named_mean_the_same_stack_whatever_the_file_says(
    capsys: Capture,
) -> None:
    def cure(*words: str) -> str:
        return ran(capsys, "check", "--local", *words)[2]

    assert "`mlflow-ops up --local`" in cure()
    path = write('name = "team"\nsandbox = true\n')
    assert "`mlflow-ops up --name team --local`" in cure()
    assert "`mlflow-ops up --name mlflow --local`" in cure("--name", "mlflow")
    assert f"--config {path} --local`" in cure("--config", str(path))
    # Where an ordinary command would mean the sandbox of the file.
    said = ran(capsys, "status", "--no-sandbox", "--profile", "nobody")[2]
    assert "nobody" in said


def test_a_name_of_no_letters_is_a_usage_error_as_any_other_bad_one_is(capsys: Capture) -> None:
    code, _, err = ran(capsys, "status", "--name", "")
    assert (code, "The stack name '' will not do" in err) == (2, True)


def test_a_variable_that_is_no_options_is_told(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_OPS_UP_TLL", "8h")
    monkeypatch.setenv("MLFLOW_OPS_NAEM", "x")
    code, out, _ = ran(capsys, "config", "--json")
    assert (code, json.loads(out)["unread"]) == (0, ["MLFLOW_OPS_NAEM", "MLFLOW_OPS_UP_TLL"])
    monkeypatch.setenv("MLFLOW_OPS_UP_ARTIFACTS", "sideways")
    code, _, err = ran(capsys, "config")
    assert code == 2
    assert "MLFLOW_OPS_UP_ARTIFACTS" in err


def test_a_variable_that_is_no_options_is_told_with_the_nearest_that_is_one(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_OPS_UP_TLL", "8h")
    monkeypatch.setenv("MLFLOW_OPS_NOTHING_OF_THE_KIND", "x")
    monkeypatch.setenv("MLFLOW_OPS_UP_AMI", "")  # as good as unset, but an option's
    for words in ((), ("up",), ("status",)):
        code, out, _ = ran(capsys, "config", *words)
        assert code == 0
        said = "is set in the environment, but is no option's"
        assert f"MLFLOW_OPS_UP_TLL {said}: did you mean MLFLOW_OPS_UP_TTL?" in out
        assert f"MLFLOW_OPS_NOTHING_OF_THE_KIND {said}." in out
        assert "MLFLOW_OPS_UP_AMI" not in out.split("\n", 1)[1].replace("ami", "")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("UP_YES", "--yes is for the command line alone: consent is given anew each time."),
        ("DOWN_YES", "--yes is for the command line alone"),
        ("JSON", "--json is for the command line alone"),
        ("DEBUG", "--debug is for the command line alone"),
        ("UP_FRSH", "is no option's."),  # a guess would begin without the data
        ("NAEM", "is no option's: did you mean MLFLOW_OPS_NAME?"),
    ],
)
def test_no_variable_is_taken_for_one_that_does_harm_or_that_nothing_reads(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.setenv(f"MLFLOW_OPS_{name}", "1")
    _, out, _ = ran(capsys, "config")
    [line] = [line for line in out.splitlines() if line.startswith(f"MLFLOW_OPS_{name} ")]
    assert line.startswith(f"MLFLOW_OPS_{name} is set in the environment, but {said}")
    assert "did you mean" in said or "did you mean" not in line


def test_config_shows_of_each_option_what_the_command_would_be_given() -> None:
    for leaf in every_command():
        name = str(leaf.info_name)
        # As a user would call it, with none of its options.
        given = leaf.command.make_context(name, [], leaf.parent, resilient_parsing=True).params
        words = checking.keys(leaf.command.params)
        for each in in_force.of_command(leaf, None):
            assert each.value == given[str(words[each.option].name)], (name, each)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"ttl": "banana"}, "--ttl 'banana' is not a length of time"),
        ({"allow": "203.0.113.300/32"}, "--allow '203.0.113.300/32' is not an address range"),
        ({"domain": "Wine"}, "--domain 'Wine' is not a domain name"),
    ],
)
def test_config_does_not_show_as_in_force_what_up_would_not_take(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, options: dict[str, str], sentence: str
) -> None:
    [(key, value)] = options.items()
    path = write(f"[up]\n{key} = '{value}'\n")
    for words in (("config",), ("config", "up")):
        code, _, err = ran(capsys, *words)
        assert (code, f"Error: {path}: {sentence}" in err) == (2, True), err
    path.unlink()
    variable = f"MLFLOW_OPS_UP_{key.upper()}"
    monkeypatch.setenv(variable, value)
    code, _, err = ran(capsys, "config", "up")
    assert (code, f"Error: {variable}: {sentence}" in err) == (2, True), err
    code, _, refused = ran(capsys, "up", "--yes")
    assert (code, f"Error: {variable}: {sentence}" in refused) == (2, True), refused
    monkeypatch.delenv(variable)
    monkeypatch.setenv("MLFLOW_OPS_UP_FRESH", "1")
    monkeypatch.setenv("MLFLOW_OPS_UP_RESTORE", "latest")
    code, _, err = ran(capsys, "config", "up")
    assert (code, "--fresh begins empty" in err) == (2, True), err


def test_config_of_a_command_that_there_is_not_is_a_usage_error(capsys: Capture) -> None:
    for words in (("nosuch",), ("user", "nosuch")):
        code, _, err = ran(capsys, "config", *words)
        assert (code, "There is no command" in err) == (2, True)
