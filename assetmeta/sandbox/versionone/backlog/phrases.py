"""Words for the data set: names of people, products and work that read like those of a real company."""

from __future__ import annotations

from random import Random

GIVEN = (
    "Anna", "Jürgen", "Siobhán", "Miguel", "Priya", "Zoë", "Tomasz", "Ingrid", "Łukasz", "Chloé", "Ahmed",
    "Yuki", "Björn", "Nadia", "Oleksandr", "Grace", "Renée", "Samuel", "Aiko", "Dmitri", "Fatima", "Håkon",
    "Leila", "Marco",
)  # fmt: skip
FAMILY = (
    "Müller", "O'Brien", "García", "Raghavan", "D'Angelo", "Kowalski", "Åberg", "Lefèvre", "Haddad", "Tanaka",
    "Sørensen", "Petrov", "O’Neill", "Schmidt-Weiß", "Okafor", "Novák", "van der Meer", "Ng", "Fitzgerald",
    "İnce", "Rossi", "Smith",
)  # fmt: skip
PRODUCTS = (
    "Web Shop", "Call Center", "Billing & Invoicing", "Mobile App", "Warehouse", "Search", "Customer Portal",
    "Loyalty", "Größenberater", "Reporting", "Identity & Access", "Payments", "Partner API", "Recommendations",
    "Back Office",
)  # fmt: skip
TEAMS = (
    "Falcon", "Blue Whale", "Night Owls", "Polar Bears", "Die Füchse", "Rocket 🚀", "Tea & Biscuits",
    "Null Pointers", "Mavericks", "Sherpas", "Kingfishers", "O'Team",
)  # fmt: skip
VERBS = (
    "Export", "Import", "Show", "Filter", "Validate", "Archive", "Translate", "Cache", "Paginate", "Encrypt",
    "Notify about", "Sort", "Search", "Print", "Share", "Schedule", "Undo changes to", "Bulk edit", "Preview",
    "Audit", "Merge", "Migrate",
)  # fmt: skip
OBJECTS = (
    "invoices", "order history", "gift cards", "shipping addresses", "user profiles", "price lists",
    "return labels", "product reviews", "stock levels", "tax rates", "credit notes", "access tokens",
    "size charts", "wish lists", "newsletters", "payment methods", "delivery windows", "customer notes",
    "discount codes", "audit logs", "dashboards",
)  # fmt: skip
PURPOSES = (
    "as CSV", "in the sidebar", "for guest users", "by region", "on small screens", "in the partner portal",
    "per tenant", "before checkout", "after a refund", "for screen readers", "in German & French",
    "with one click", "over the API", "without reloading", "when offline", "for B2B customers",
    "at month's end",
)  # fmt: skip
SYMPTOMS = (
    "crashes", "shows stale data", "ignores the time zone", "returns 500", "loses the user's input",
    "is off by one", "freezes the browser", "double-charges", 'renders "undefined"',
    "breaks on umlauts (ä, ö, ü)", "times out",
)  # fmt: skip
PLACES = (
    "Checkout", "Login page", "Search results", "PDF export", "Nightly import", "Basket", "Report builder",
    "Price service", "Address form", "Image upload", "Admin console", "Session handling",
)  # fmt: skip
CHORES = (
    "Write unit tests", "Design the screen", "Update the API docs", "Review the pull request",
    "Refactor the service layer", "Add a database index", "Wire up the feature flag", "Deploy to staging",
    "Clarify acceptance criteria", "Fix the CI job", "Translate the labels", "Measure the response time",
    "Don't forget the changelog",
)  # fmt: skip
CHECKS = (
    "Happy path", "Empty input", "Very long names", "Unicode: äöü ß 漢字 🙂", "Two tabs at once", "Slow network",
    "Expired session", "Read-only user", "Keyboard only", "10,000 rows", "Quotes: ' and \"",
    "Markup: <b>&amp;</b>",
)  # fmt: skip
REMARKS = (
    "I'd split this before planning.", "Blocked until the vendor answers — I've pinged them twice.",
    "Looks good to me 👍", "Could we reuse what the “Payments” team built?", "Estimate assumes the new API.",
    "Die Grenzfälle fehlen noch.", "See R&D notes; x < y only holds for net prices.",
    "Demo went well, customers love it!", "Moved to the next sprint.",
)  # fmt: skip
TAGS = ("ux", "api", "security", "tech-debt", "performance", "Q3", "customer-request", "a11y", "größe", "R&D")
EPICS = (
    "Self-service returns", "One-page checkout", "GDPR & privacy", "Multi-currency pricing", "Single sign-on",
    "Search relaunch", "Offline mode", "Real-time stock", "B2B accounts", "Accessibility", "Observability",
    "“Größe passt” promise",
)  # fmt: skip
STANDOUT = (
    "Don't lose the draft when the session ends", 'Rename "Basket" to "Cart"',
    "Terms & conditions: show the customer's version", "🚀 Launch checklist",
    "Größenrechner für Über- und Untergrößen", "Rock 'n' roll the blue/green deployment",
    "Support < 1 s response for 95 % of searches", "商品検索を日本語で",
    "Fix \"it's\" vs. 'its' in the e-mail templates", "C++ client: handle ; and | in filters",
    "  Trim leading and trailing blanks  ", "Save 100% of the form, not just the 1st page",
)  # fmt: skip


def story_name(random: Random) -> str:
    """A title of a backlog item; one in twelve has awkward characters."""
    if random.random() < 1 / 12:
        return random.choice(STANDOUT)
    return f"{random.choice(VERBS)} {random.choice(OBJECTS)} {random.choice(PURPOSES)}"


def defect_name(random: Random) -> str:
    """A title of a defect."""
    return f"{random.choice(PLACES)} {random.choice(SYMPTOMS)} {random.choice(PURPOSES)}"


def paragraph(random: Random, sentences: int = 2) -> str:
    """Rich text of a few remarks, escaped as HTML."""
    text = " ".join(random.choice(REMARKS) for _ in range(sentences))
    return f"<p>{text.replace('&', '&amp;').replace('<', '&lt;')}</p>"
