"""Where commits come from: pulled from a repository, or uploaded as a package of ad-hoc code (section 7.5)."""

from __future__ import annotations

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.routing import ANY

from .call import Call
from .code.config import BadConfig, Config, parse
from .code.package import BadPackage, identifier, member
from .code.remote import Pushed
from .model import Key
from .problems import Refused, leaf
from .resource import Route

ADHOC = "adhoc"
NO_REPOSITORY = "The project has no repository."
LONGEST_PATH = 1000


def fetch(call: Call) -> Answer:
    """POST projects/{id}/fetch/: the commits of the repository that are new here."""
    project = call.find_writable("project")
    own = call.space.store.pointing("repository", "project", project)
    repository = call.space.row("repository", own[-1]) if own else {}
    if not repository.get("url"):
        return Answer({"commits": [], "errors": [NO_REPOSITORY]}, 201)
    rows = call.space.store.rows("commit")
    known = {rows[id]["identifier"] for id in call.space.store.pointing("commit", "project", project)}
    wanted = {word.strip() for word in repository["ref"].split(",")}
    commits, errors = [], []
    for pushed in call.space.remote.commits(repository["url"]):
        if pushed.identifier not in known and pushed.branch in wanted:
            commit, problem = pulled(call, project, pushed)
            commits.append(call.reader.row("commit", commit))
            errors += [problem] if problem else []
    return Answer({"commits": commits, "errors": errors}, 201)


def pulled(call: Call, project: Key, pushed: Pushed) -> tuple[Key, str]:
    """A new commit from a repository, and what is wrong with its configuration ("" for nothing)."""
    yaml_path, config, problem = call.space.row("project", project)["yaml_path"], None, ""
    try:
        config = None if pushed.config is None else parse(pushed.config)
    except BadConfig as error:
        problem = f"{pushed.identifier}: {yaml_path}: {error}"
    commit = added(call, project, pushed.identifier, config, pushed.message, yaml_path, pushed.branch)
    return commit, problem


def import_package(call: Call) -> Answer:
    """POST projects/{id}/import-package/: multipart with `data`, `description` and `yaml_path`.

    The same bytes make the same commit, so a package that is there already is answered with it.
    """
    project = call.find_writable("project")
    fields = call.body_fields()
    description = fields.text("description")
    yaml_path = fields.text("yaml_path") or call.space.row("project", project)["yaml_path"]
    if len(yaml_path) > LONGEST_PATH:
        fields.refuse("yaml_path", f"Ensure this field has no more than {LONGEST_PATH} characters.", "max_length")
    if "data" not in call.body.files:
        fields.refuse("data", "No file was submitted.", "required")
    fields.done()
    package = call.body.files["data"].content
    name = identifier(package)
    commit = call.finder.commit(project, name)
    if commit is None:
        commit = added(call, project, name, config_in(package, yaml_path), description, yaml_path, ADHOC)
    return Answer(call.reader.row("commit", commit), 201)


def config_in(package: bytes, yaml_path: str) -> Config | None:
    """The configuration that a package holds, None where there is no such file. Raises Refused."""
    try:
        text = member(package, yaml_path)
        return None if text is None else parse(text)
    except BadPackage as error:
        raise Refused({"data": [leaf(str(error), "invalid_package")]}) from error
    except BadConfig as error:
        raise Refused({"yaml_path": [leaf(f"{yaml_path}: {error}", "invalid_config")]}) from error


def added(
    call: Call, project: Key, name: str, config: Config | None, description: str, yaml_path: str, ref: str
) -> Key:
    """Store a commit."""
    own = call.space.store.pointing("repository", "project", project)
    return call.space.add(
        "commit",
        project=project,
        repository=own[-1] if own else None,
        identifier=name,
        ref=ref,
        ref_names=[ref],
        commit_time=call.space.now(),
        description=description,
        adhoc=ref == ADHOC,
        has_config=config is not None,
        yaml_path=yaml_path,
        config=None if config is None else config.items,
    )


ROUTES = (
    Route(("projects", ANY, "fetch"), "Project Fetch", {"POST": fetch}),
    Route(("projects", ANY, "import-package"), "Project Import Package", {"POST": import_package}),
)
"""The paths, with who answers them."""
