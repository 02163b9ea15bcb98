// What the collection's script sees of Postman: `pm` and CryptoJS, by Node's own crypto. Reads {script, request,
// variables} from stdin and prints the request as the script left it.
const crypto = require("node:crypto");
const given = JSON.parse(require("node:fs").readFileSync(0, "utf8"));

const digest = (hash) => ({ toString: (encoding) => hash.digest(encoding) });
const CryptoJS = {
  enc: { Hex: "hex" },
  SHA256: (text) => digest(crypto.createHash("sha256").update(text, "utf8")),
  HmacSHA256: (text, key) => digest(crypto.createHmac("sha256", key).update(text, "utf8")),
};

const { variables, request } = given;
const headers = new Map(request.header.filter((h) => !h.disabled).map((h) => [h.key, h.value]));
const replaceIn = (text) =>
  text.replace(/{{(\$?\w+)}}/g, (whole, name) => (name === "$guid" ? crypto.randomUUID() : (variables[name] ?? whole)));
const path = () => {
  const values = Object.fromEntries((request.url.variable ?? []).map((v) => [`:${v.key}`, v.value]));
  const query = (request.url.query ?? []).filter((q) => !q.disabled).map((q) => `${q.key}=${q.value}`);
  return "/" + request.url.path.map((part) => values[part] ?? part).join("/") + (query.length ? `?${query.join("&")}` : "");
};
const pm = {
  variables: { get: (name) => variables[name], replaceIn },
  request: {
    method: request.method,
    url: { getPathWithQuery: path },
    body: request.body,
    headers: { has: (name) => headers.has(name), upsert: ({ key, value }) => headers.set(key, value) },
  },
};

new Function("pm", "CryptoJS", given.script)(pm, CryptoJS);
const body = request.body ? request.body.raw : "";
console.log(JSON.stringify({ method: request.method, target: replaceIn(path()), headers: Object.fromEntries(headers), body }));
