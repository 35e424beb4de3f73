// Answers 204 to a notification that is signed with SECRET, and 401 to any other request.
// Prints its port. Ends when its standard input does.
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const hook = new Webhook(process.env.SECRET);

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const message = hook.verify(Buffer.concat(chunks).toString(), request.headers);
    response.statusCode = message.data.id === request.headers["webhook-id"] ? 204 : 400;
  } catch (error) {
    response.statusCode = 401;
  }
  response.end();
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();
