# One image for every role; RACKWRIGHT_ROLES says which one a container plays. Runs the TypeScript as it is: there is no build.

FROM node:24-bookworm-slim AS generate
WORKDIR /app
COPY . .
# Brings the tools that write the database client, which the last stage leaves behind.
RUN npm ci --omit=optional --ignore-scripts && node scripts/postinstall.mjs

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages packages
COPY apps apps
# The optional packages are Node.js and PostgreSQL for machines that lack them; here both come otherwise.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
COPY prisma prisma
COPY --from=generate /app/packages/store/src/generated packages/store/src/generated
RUN mkdir /var/lib/rackwright && chown node:node /var/lib/rackwright
VOLUME /var/lib/rackwright
ENV RACKWRIGHT_DATA=/var/lib/rackwright
USER node
CMD ["node", "apps/rackwright/src/main.ts"]
