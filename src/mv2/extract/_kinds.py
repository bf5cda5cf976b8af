"""Which reader reads what, by media type and by name. Tables only."""

from __future__ import annotations

from mv2.extract.model import Reader

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"

# Source code and configuration: name ending -> media type, all read by ``code``.
CODE_TYPES: dict[str, str] = {
    ending: mime
    for mime, endings in {
        "text/x-python": "py pyi pyw pyx pxd bzl bazel star",
        "text/javascript": "js mjs cjs jsx",
        "text/x-typescript": "ts mts cts tsx",
        "text/x-c": "c h",
        "text/x-c++": "cc cpp cxx c++ hh hpp hxx h++ ino inl ipp cu cuh",
        "text/x-csharp": "cs csx",
        "text/x-java": "java",
        "text/x-kotlin": "kt kts",
        "text/x-scala": "scala sc sbt",
        "text/x-groovy": "groovy gradle",
        "text/x-go": "go",
        "text/x-rust": "rs",
        "text/x-swift": "swift",
        "text/x-objective-c": "m mm",
        "text/x-ruby": "rb rake gemspec podspec",
        "text/x-php": "php phtml php5",
        "text/x-perl": "pl pm pod",
        "text/x-lua": "lua",
        "text/x-r": "r",
        "text/x-julia": "jl",
        "text/x-matlab": "matlab",
        "text/x-haskell": "hs lhs",
        "text/x-ocaml": "ml mli",
        "text/x-fsharp": "fs fsi fsx",
        "text/x-elixir": "ex exs",
        "text/x-erlang": "erl hrl",
        "text/x-clojure": "clj cljs cljc edn",
        "text/x-lisp": "lisp lsp cl el scm ss rkt",
        "text/x-dart": "dart",
        "text/x-zig": "zig",
        "text/x-nim": "nim",
        "text/x-d": "d",
        "text/x-v": "v sv svh vh",
        "text/x-vhdl": "vhd vhdl",
        "text/x-pascal": "pas pp dpr",
        "text/x-fortran": "f f90 f95 f03 f08 for",
        "text/x-cobol": "cob cbl",
        "text/x-ada": "adb ads",
        "text/x-assembly": "asm s",
        "text/x-shellscript": "sh bash zsh fish ksh",
        "text/x-powershell": "ps1 psm1 psd1",
        "text/x-batch": "bat cmd",
        "text/x-awk": "awk",
        "text/x-sql": "sql ddl dml psql",
        "text/x-graphql": "graphql gql",
        "text/x-protobuf": "proto",
        "text/x-thrift": "thrift",
        "text/x-cmake": "cmake",
        "text/x-makefile": "mk mak",
        "text/x-terraform": "tf tfvars hcl",
        "text/x-nix": "nix",
        "text/x-solidity": "sol",
        "text/x-tcl": "tcl",
        "text/x-vim": "vim",
        "text/x-visual-basic": "vb vbs bas",
        "text/x-diff": "diff patch",
        "text/css": "css scss sass less styl",
        "text/x-vue": "vue",
        "text/x-svelte": "svelte",
        "text/x-template": "jinja jinja2 j2 erb ejs hbs mustache twig liquid jsp asp aspx cshtml razor tmpl",
        "text/x-tex": "tex sty cls bib ltx",
        "text/x-config": "conf env editorconfig desktop service",
        "text/x-xslt": "xsd xsl xslt wsdl dtd xaml csproj vbproj",
    }.items()
    for ending in endings.split()
}
# Whole names that say what the file is.
NAMES: dict[str, tuple[str, str]] = {
    "makefile": ("code", "text/x-makefile"),
    "gnumakefile": ("code", "text/x-makefile"),
    "dockerfile": ("code", "text/x-dockerfile"),
    "containerfile": ("code", "text/x-dockerfile"),
    "cmakelists.txt": ("code", "text/x-cmake"),
    "jenkinsfile": ("code", "text/x-groovy"),
    "rakefile": ("code", "text/x-ruby"),
    "gemfile": ("code", "text/x-ruby"),
    "vagrantfile": ("code", "text/x-ruby"),
    "build.bazel": ("code", "text/x-python"),
    "meson.build": ("code", "text/x-meson"),
    "justfile": ("code", "text/x-makefile"),
    ".gitignore": ("text", "text/plain"),
    ".gitconfig": ("code", "text/x-config"),
    ".editorconfig": ("code", "text/x-config"),
    ".bashrc": ("code", "text/x-shellscript"),
    ".zshrc": ("code", "text/x-shellscript"),
    ".profile": ("code", "text/x-shellscript"),
}
_MORE_NAMES = {
    "text/markdown": ("markdown", "md markdown mdown mkd mkdn mdx qmd rmd"),
    "text/csv": ("delimited", "csv"),
    "text/tab-separated-values": ("delimited", "tsv tab"),
    "application/json": ("data", "json geojson json5 webmanifest har topojson"),
    "application/x-ndjson": ("data", "jsonl ndjson jsonlines"),
    "application/yaml": ("data", "yaml yml"),
    "application/toml": ("data", "toml"),
    "text/x-ini": ("data", "ini cfg properties"),
    "application/xml": ("data", "xml plist resx kml gpx tei opml"),
    "image/svg+xml": ("image", "svg"),
    "application/x-ipynb+json": ("notebook", "ipynb"),
    "application/x-subrip": ("subtitles", "srt"),
    "text/vtt": ("subtitles", "vtt"),
    "text/x-sbv": ("subtitles", "sbv"),
    "text/x-ssa": ("subtitles", "ass ssa"),
    "application/rss+xml": ("feed", "rss"),
    "application/atom+xml": ("feed", "atom"),
    "message/rfc822": ("mail", "eml emlx mht mhtml"),
    "application/mbox": ("mail", "mbox mbx"),
    "text/html": ("html", "html htm xhtml xht shtml"),
    "text/plain": ("text", "txt text log rst adoc asciidoc org textile wiki me 1st nfo lst list out err asc"),
}
# Kinds of text that only the name can tell: ending -> (reader, media type).
TEXT_KINDS: dict[str, tuple[str, str]] = {
    **{ending: ("code", mime) for ending, mime in CODE_TYPES.items()},
    **{
        ending: (reader, mime)
        for mime, (reader, endings) in _MORE_NAMES.items()
        for ending in endings.split()
    },
}


def _endings(reader: str) -> tuple[str, ...]:
    return tuple(ending for ending, (name, _) in TEXT_KINDS.items() if name == reader)


def _built_in(
    name: str,
    mimes: tuple[str, ...],
    extensions: str = "",
    *,
    extra: str | None = None,
    needs: tuple[str, ...] = (),
) -> Reader:
    return Reader(
        name=name,
        mimes=mimes,
        extensions=(*_endings(name), *extensions.split()),
        read=f"mv2.extract.readers.{name}:read",
        extra=extra,
        needs=needs,
    )


BUILT_IN: tuple[Reader, ...] = (
    _built_in("text", ("text/plain",)),
    _built_in("markdown", ("text/markdown", "text/x-markdown")),
    _built_in("code", tuple(dict.fromkeys(CODE_TYPES.values()))),
    _built_in("html", ("text/html", "application/xhtml+xml"), extra="docs", needs=("selectolax",)),
    _built_in("pdf", ("application/pdf", "application/x-pdf"), "pdf", extra="docs", needs=("pypdfium2",)),
    _built_in(
        "docx",
        (
            f"{_OFFICE}.wordprocessingml.document",
            f"{_OFFICE}.wordprocessingml.template",
            "application/vnd.ms-word.document.macroenabled.12",
            "application/vnd.ms-word.template.macroenabled.12",
        ),
        "docx docm dotx dotm",
    ),
    _built_in(
        "pptx",
        (
            f"{_OFFICE}.presentationml.presentation",
            f"{_OFFICE}.presentationml.slideshow",
            f"{_OFFICE}.presentationml.template",
            "application/vnd.ms-powerpoint.presentation.macroenabled.12",
            "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
        ),
        "pptx pptm ppsx ppsm potx potm",
    ),
    _built_in(
        "odf",
        tuple(
            f"{_OPEN}.{kind}{flat}"
            for flat in ("", "-flat-xml")
            for kind in ("text", "presentation", "graphics")
        ),
        "odt ott odp otp odg odm fodt fodp fodg",
    ),
    _built_in("rtf", ("application/rtf", "text/rtf"), "rtf"),
    _built_in("epub", ("application/epub+zip",), "epub", extra="docs"),
    _built_in(
        "sheets",
        (
            f"{_OFFICE}.spreadsheetml.sheet",
            f"{_OFFICE}.spreadsheetml.template",
            "application/vnd.ms-excel.sheet.macroenabled.12",
            "application/vnd.ms-excel.sheet.binary.macroenabled.12",
            "application/vnd.ms-excel",
            f"{_OPEN}.spreadsheet",
        ),
        "xlsx xlsm xltx xltm xlsb xls ods ots",
        extra="docs",  # for xls and xlsb only
    ),
    _built_in("delimited", ("text/csv", "text/tab-separated-values")),
    _built_in(
        "data",
        (
            "application/json",
            "application/x-ndjson",
            "application/jsonl",
            "application/yaml",
            "application/x-yaml",
            "text/yaml",
            "application/toml",
            "application/xml",
            "text/xml",
            "text/x-ini",
        ),
    ),
    _built_in("notebook", ("application/x-ipynb+json",)),
    _built_in("mail", ("message/rfc822", "application/mbox")),
    _built_in("subtitles", ("application/x-subrip", "text/vtt", "text/x-sbv", "text/x-ssa")),
    _built_in("feed", ("application/rss+xml", "application/atom+xml", "application/feed+json")),
    _built_in(
        "image",
        (
            "image/png",
            "image/jpeg",
            "image/gif",
            "image/webp",
            "image/bmp",
            "image/tiff",
            "image/heic",
            "image/avif",
            "image/x-icon",
            "image/svg+xml",
        ),
        "png jpg jpeg jpe gif webp bmp tif tiff heic heif avif ico",
        extra="media",
    ),
    _built_in(
        "audio",
        (
            "audio/mpeg",
            "audio/wav",
            "audio/flac",
            "audio/ogg",
            "audio/opus",
            "audio/mp4",
            "audio/aac",
            "audio/aiff",
            "audio/x-ms-wma",
            "video/mp4",
        ),
        "mp3 wav flac ogg oga opus m4a m4b mp4 m4v aac aif aiff aifc wma",
        extra="media",
    ),
    _built_in(
        "archive",
        (
            "application/zip",
            "application/x-tar",
            "application/gzip",
            "application/x-bzip2",
            "application/x-xz",
        ),
        "zip tar tgz taz gz tbz tbz2 bz2 txz xz jar war whl svgz",
    ),
)

# What is recognised and not read: media type -> (what it is, what to do about it).
UNREAD: dict[str, tuple[str, str | None]] = {
    "application/msword": ("a Word document of the old binary kind (.doc)", "Save it as .docx or .pdf"),
    "application/vnd.ms-powerpoint": ("slides of the old binary kind (.ppt)", "Save them as .pptx or .pdf"),
    "application/vnd.ms-outlook": ("a message of Outlook (.msg)", "Save it as .eml"),
    "application/x-ole-storage": ("a compound file of an unknown program", None),
    "application/x-iwork": (
        "a document of Pages, Numbers or Keynote",
        "Export it as .docx, .xlsx, .pptx or .pdf",
    ),
    "application/x-7z-compressed": ("a 7z archive", "Unpack it first"),
    "application/vnd.rar": ("a RAR archive", "Unpack it first"),
    "application/zstd": ("data compressed by Zstandard", "Decompress it first"),
    "application/vnd.sqlite3": ("an SQLite database", None),
    "application/vnd.apache.parquet": ("a Parquet file", None),
    "application/x-executable": ("a program", None),
    "application/x-mv2": ("a memory, not a document", None),
    "application/postscript": ("PostScript", "Convert it to .pdf"),
    "application/vnd.oasis.opendocument": ("an OpenDocument file of a kind without text", None),
    "font/sfnt": ("a font", None),
    "image/vnd.adobe.photoshop": ("a Photoshop image", "Export it as .png or .jpg"),
    "image/jxl": ("a JPEG XL image", "Export it as .png or .jpg"),
    "image/jp2": ("a JPEG 2000 image", "Export it as .png or .jpg"),
    "audio/midi": ("MIDI music", None),
    "application/octet-stream": ("binary data of an unknown kind", None),
}
