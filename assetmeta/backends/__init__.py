"""The dialects: flows that turn plans into requests and answers into rows and outcomes.

A dialect imports from assetmeta.model and from what stands before it in this list, and never sees an HTTP library, a
clock or a class of the session:

    base                    statuses as errors, documents read safely
    file_names              names of files made harmless
    markup                  HTML texts and their plain form
    known                   what a read was told, looked up along paths
    refusals                what an error document finds wrong
    jsonrest                requests with JSON; lists and errors as Django REST framework has them
    together                several flows side by side
    judging                 what was sent against what was stored
    carrying                one change carried out
    verification            changes in doubt, compared with what the server has
    write_scheduler         the order of writes, and what becomes of them
    versionone.settings     what the dialect must know of one server
    versionone.violations   which attribute an error blames, and advice
    versionone.complaints   what an error document says
    versionone.kinds        attribute types and their codecs
    versionone.meta         meta.v1 as a Schema
    versionone.identities   assets in paths, and the order of rows
    versionone.spelling     paths as tokens, terms as filters: the one place that escapes
    versionone.moments      points in time, as the server takes them
    versionone.rest         rest-1.v1 documents as rows
    versionone.bodies       JSON bodies that are read as YAML
    versionone.query        fetches as query.v1 documents
    versionone.answers      query.v1 results as rows
    versionone.counting     how many assets match
    versionone.partitions   conditions with very many values
    versionone.reading      rest-1.v1 reads: one asset, a past asset, history
    versionone.fetching     the flow of every read
    versionone.lookup       assets by number or name
    versionone.documents    changes as rest-1.v1 documents
    versionone.write_state  what one write knows so far
    versionone.single_writes  one request per change
    versionone.commands     changes as api/asset commands
    versionone.chunks       commands put together into requests
    versionone.told         what an answer of api/asset says
    versionone.verdicts     that answer as outcomes
    versionone.bulk_writes  many changes in few requests
    versionone.writes       the flow of every write
    versionone.templates    rest-1.v1/New
    versionone.files        attachments and embedded images
    versionone              the dialect as one value

What the JSON dialects share:

    kinds                   codecs
    surveying               what a server says of its own endpoints and fields
    form                    a file as a multipart form
    matching                conditions evaluated here
    ordering                sorting and windows made here
    trees                   what a read needs to know, as a tree of names
    walking                 following relations
    evaluating              queries over the lists that a server sends
    addresses               addresses of servers as people give them, and the links that servers make
    valispace.connection    addresses and tokens as people give them
    valispace.settings      what the dialect may assume of one server, and what it learns
    valispace.kinds         attribute kinds and their codecs
    valispace.table         the bundled table, schema.json
    valispace.meta          table and OPTIONS as a Schema
    valispace.reflecting    the flow that reads a schema
    valispace.objects       objects as cells
    valispace.listing       one object, a list, a search
    valispace.reading       reads by identity
    valispace.narrowing     conditions that the server applies
    valispace.asked         what a read needs to know
    valispace.telling       what assets lack
    valispace.fetching      the flow of every read
    valispace.explaining    a read in words
    valispace.encoding      values as the server takes them
    valispace.changing      one change carried out
    valispace.bulk          several updates in one request
    valispace.writing       the flow of every write
    valispace.files         bytes
    valispace.questions     what is asked besides assets
    valispace               the dialect as one value
    valohai.connection      addresses and tokens as people give them
    valohai.settings        what the dialect may assume of one server, and what it learns
    valohai.kinds           attribute kinds and their codecs
    valohai.table           the bundled table, schema.json
    valohai.meta            table and OPTIONS as a Schema
    valohai.reflecting      the flow that reads a schema
    valohai.identities      what assets are known by
    valohai.objects         objects as cells
    valohai.listing         lists page by page, one object
    valohai.reading         reads by identity
    valohai.narrowing       conditions that the server applies
    valohai.telling         what assets lack
    valohai.resolving       conditions on names as conditions on assets
    valohai.fetching        the flow of every read
    valohai.explaining      a read in words
    valohai.aliases         assets by other texts than their keys
    valohai.encoding        values in the form in which the server takes them
    valohai.owners          owners by name
    valohai.calling         operations
    valohai.changing        one change carried out
    valohai.properties      properties of many data at once
    valohai.writing         the flow of every write
    valohai.files           bytes
    valohai.events          the log of an execution
    valohai.questions       what is asked besides assets
    valohai.acts            code, templates, triggers
    valohai                 the dialect as one value
    testspace.table         the bundled table, schema.json
    testspace.connection    addresses and tokens as people give them
    testspace.kinds         attribute kinds and their codecs
    testspace.meta          the table as a Schema
    testspace.settings      what the dialect may assume of one server, and what it learns
    testspace.keys          keys and the paths that they stand for: the one place that escapes
    testspace.complaints    what an error says
    testspace.listing       lists, page by page
    testspace.objects       objects as cells
    testspace.reading       reads by identity
    testspace.narrowing     which lists a query goes through
    testspace.descending    going down the lists
    testspace.telling       what assets lack
    testspace.fetching      the flow of every read
    testspace.explaining    a read in words
    testspace.encoding      values as the server takes them
    testspace.changing      one change carried out
    testspace.writing       the flow of every write
    testspace.reflecting    the flow that makes a schema
    testspace.files         bytes
    testspace.suites        suite files: cases and annotations
    testspace.aliases       assets by their names
    testspace.pages         where people see assets
    testspace               the dialect as one value
"""
