"""Which figures are wanted, by what a component is and what is asked of it."""

import pytest

from dca.docs.needs import WORDS, Match, Topic, needs_of
from dca.docs.subject import fold, subject_of
from schemas.context import Role, RuntimeSettings
from schemas.knowledge import FigureName
from tests.dca.docs.corpus import component, product

SIZES = {
    FigureName.CPU_REQUEST,
    FigureName.MEMORY_REQUEST,
    FigureName.CPU_LIMIT,
    FigureName.MEMORY_LIMIT,
}


def wanted(part):
    return {need.figure for need in needs_of(subject_of(part))}


def test_a_product_wants_its_sizes_and_its_minimum():
    assert wanted(product()) >= SIZES | {FigureName.MEMORY_MINIMUM, FigureName.CPU_MINIMUM}


def test_own_code_wants_one_process_and_the_habits_of_its_role_and_no_products_limits():
    assert wanted(component()) == {
        FigureName.MEMORY_IDLE,
        FigureName.MEMORY_MINIMUM,
        FigureName.CPU_REQUEST,
        FigureName.MEMORY_REQUEST,
    }


@pytest.mark.parametrize(
    ("part", "figure"),
    [
        (component(demand={"peak_rps": 200}), FigureName.CPU_PER_REQUEST),
        (component(demand={"average_rps": 200}), FigureName.CPU_PER_REQUEST),
        (component(demand={"concurrent_users": 200}), FigureName.CPU_PER_REQUEST),
        (
            component(role=Role.WORKER, demand={"messages_per_second": 9}),
            FigureName.CPU_PER_REQUEST,
        ),
        (component(demand={"connections": 5000}), FigureName.MEMORY_PER_CONNECTION),
        (product(demand={"connections": 500}), FigureName.AT_CONNECTIONS),
        (product(demand={"peak_rps": 100}), FigureName.AT_REQUEST_RATE),
        (product(demand={"data_bytes": 2**34}), FigureName.MEMORY_PER_DATA),
        (product(demand={"data_bytes": 2**34}), FigureName.AT_DATA),
        (
            product("gitlab-webservice", Role.PLATFORM, demand={"concurrent_users": 500}),
            FigureName.AT_USERS,
        ),
        (component(role=Role.ML_INFERENCE), FigureName.MEMORY_LIMIT),
        (product("kafka", Role.MESSAGE_BROKER), FigureName.REPLICAS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_stated_demand_asks_for_the_figure_that_turns_it_into_a_size(part, figure):
    assert figure in wanted(part)


@pytest.mark.parametrize("role", [Role.BATCH, Role.CONTROLLER, Role.LOAD_GENERATOR])
def test_a_role_that_requests_do_not_meet_is_not_asked_what_they_cost(role):
    busy = component(role=role, demand={"peak_rps": 100, "connections": 10})
    assert wanted(busy) == wanted(component(role=role))


def test_an_api_is_not_asked_about_the_data_of_its_database():
    assert FigureName.MEMORY_PER_DATA not in wanted(component(demand={"data_bytes": 2**40}))


def test_only_a_products_own_facts_cover_its_needs_and_a_stacks_own_code():
    assert all(need.matches == {Match.PRODUCT} for need in needs_of(subject_of(product())))
    idle = needs_of(subject_of(component()))[0]
    assert idle.matches == {Match.PRODUCT, Match.FRAMEWORK, Match.LANGUAGE}


def test_a_component_of_which_only_the_role_is_known_takes_its_roles_word():
    unknown = component(language=None, framework=None)
    assert all(Match.ROLE in need.matches for need in needs_of(subject_of(unknown)))


def test_every_figure_and_every_topic_has_words():
    assert set(WORDS) == set(FigureName)
    assert {need.topic for need in needs_of(subject_of(component()))} <= set(Topic)


@pytest.mark.parametrize(
    ("framework", "word"),
    [
        ("Spring Boot (WebFlux)", "spring boot"),
        ("Spring Boot (WebFlux)", "spring boot (webflux)"),
        ("Spring Boot", "spring-boot"),
        ("Ruby on Rails", "rails"),
        ("Apache Flink", "flink"),
        ("Next.js", "nextjs"),
        ("ASP.NET Core", "asp.net core"),
    ],
)
def test_a_framework_is_called_by_the_names_that_people_use(framework, word):
    assert word in subject_of(component(framework=framework)).frameworks


@pytest.mark.parametrize(
    ("language", "word"),
    [("TypeScript", "javascript"), ("Kotlin", "java"), ("C#", "dotnet"), ("Go", "golang")],
)
def test_a_language_is_also_called_by_its_runtime(language, word):
    names = subject_of(component(language=language)).languages
    assert names[0] == language.lower()
    assert word in names


def test_a_product_is_called_by_its_key_its_title_and_its_aliases():
    assert {"postgresql", "postgres"} <= set(subject_of(product()).products)


def test_a_part_of_a_product_of_the_same_role_has_that_product_for_a_parent():
    assert "postgresql" in subject_of(product("postgresql-ha")).parents
    assert subject_of(product("clickhouse-keeper", Role.PLATFORM)).parents == ()


def test_code_knows_the_server_that_it_runs_in():
    part = component(runtime=RuntimeSettings(server="gunicorn"), base_image="nginx:1.29-alpine")
    assert {"gunicorn", "nginx"} <= set(subject_of(part).runtimes)


def test_pages_behind_a_web_server_are_that_server_and_not_the_runtime_of_their_language():
    pages = {"role": Role.WEB_FRONTEND, "language": "TypeScript", "framework": "React"}
    assert subject_of(component(**pages, base_image="nginx:1.29")).languages == ()
    assert "node" in subject_of(component(**pages, base_image="node:24")).languages


def test_what_serves_a_model_is_also_called_by_its_libraries_and_an_api_is_not():
    libraries = ("torch", "sentence-transformers")
    model = component(role=Role.ML_INFERENCE, language="Python", libraries=libraries)
    assert set(libraries) <= set(subject_of(model).frameworks)
    assert not set(libraries) & set(subject_of(component(libraries=libraries)).frameworks)


def test_an_image_that_the_catalogue_does_not_know_is_asked_for_by_its_name():
    unknown = component(
        source_path=None, image="ghcr.io/acme/frobnicator:1.2", language=None, framework=None
    )
    assert subject_of(unknown).products == ("frobnicator",)


def test_names_from_a_repository_are_cut():
    long = subject_of(component(framework="x" * 5000))
    assert len(long.title) <= 60
    assert all(len(word) <= 60 for word in long.frameworks)


@pytest.mark.parametrize("text", ["Spring-Boot", "spring boot", "SpringBoot"])
def test_spellings_of_one_name_fold_to_one_word(text):
    assert fold(text) == "springboot"


def test_folding_keeps_what_tells_languages_apart():
    assert len({fold("C"), fold("C#"), fold("C++")}) == 3
