"""The objects that a body names: projects by id, commits by identifier or branch, environments by id or slug."""

from __future__ import annotations

from assetmeta.sandbox.rest.refusals import forbidden

from ..call import Call
from ..catalogue import KINDS
from ..code.config import BadConfig, Config, config_of
from ..fields import Fields
from ..lookups import PROJECT_DEFAULT
from ..model import Key
from ..problems import missing_object, missing_slug
from ..workspace import Workspace


def project_in(call: Call, fields: Fields) -> Key:
    """The project that a body names. Raises Refused where there is none, 403 where the user may not run there."""
    name = fields.needed("project")
    fields.done()
    project = call.finder.find(KINDS["project"], name)
    if project is None:
        fields.note("project", missing_object(name))
        raise fields.refusal()
    if not call.rights.creates(KINDS["execution"], {"project": project}):
        raise forbidden()
    return project


def commit_in(call: Call, fields: Fields, project: Key) -> Key | None:
    """The commit that a body names, with a configuration; None after a refusal."""
    name = fields.needed("commit")
    if not name:
        return None
    commit = call.finder.commit(project, name)
    if commit is None:
        fields.refuse("commit", f"Commit {name} does not exist in the project.", "does_not_exist")
    elif not call.space.row("commit", commit)["has_config"]:
        fields.refuse("commit", f"Commit {name} has no configuration.", "no_config")
        return None
    return commit


def config_of_commit(call: Call, fields: Fields, commit: Key) -> Config:
    """The configuration of a commit; an empty one after a refusal."""
    try:
        return config_of(call.space.row("commit", commit)["config"])
    except BadConfig as error:
        fields.refuse("commit", f"The configuration is broken: {error}", "invalid_config")
        return Config()


def environment_in(call: Call, fields: Fields, project: Key, usual: object) -> Key | None:
    """The environment that a body names, else *usual* (a slug), else the project's default one."""
    name = fields.text("environment") or str(usual or "") or PROJECT_DEFAULT
    if name == PROJECT_DEFAULT:
        return default_environment(call.space, project)
    environment = call.finder.find(KINDS["environment"], name)
    if environment is None:
        fields.note("environment", missing_slug(name))
    elif call.space.row("environment", environment)["enabled"] is False:
        fields.refuse("environment", f"Environment {name} is not enabled.", "not_enabled")
    return environment


def default_environment(space: Workspace, project: Key) -> Key | None:
    """What runs in a project without an environment of its own: the project's choice, else the first of all."""
    chosen: Key | None = space.row("project", project)["default_environment"]
    return chosen or next(iter(space.store.ids("environment")), None)
