// A control-plane node leaves only while etcd keeps its quorum and another API server is left.
import { expect, test } from 'vitest';
import { type ControlPlane, mayLeave } from './may-leave.ts';

type Broken = 'pod' | 'node' | 'leaving';

/** Joined one after the other, each with those before it in its list. */
function controlPlane(names: string[], broken: Record<string, Broken> = {}, earlier: string[] = []): ControlPlane {
  return {
    etcd: names.map((name, n) => ({
      member: name,
      nodeName: name,
      ready: broken[name] !== 'pod',
      createdAt: new Date(n * 1_000).toISOString(),
      initialCluster: [...earlier, ...names.slice(0, n + 1)],
    })),
    nodes: names.map((name) => ({
      name,
      controlPlane: true,
      ready: broken[name] !== 'node',
      leaving: broken[name] === 'leaving',
    })),
  };
}

test('a worker has no part in it', () => {
  expect(mayLeave(controlPlane(['a']), 'worker')).toEqual({ ok: true, as: 'no_part' });
});

test('one of three may leave, while the other two are healthy and stay', () => {
  expect(mayLeave(controlPlane(['a', 'b', 'c']), 'a')).toEqual({ ok: true, as: 'spared' });
  for (const broken of ['pod', 'node', 'leaving'] as const)
    expect(mayLeave(controlPlane(['a', 'b', 'c'], { b: broken }), 'a')).toEqual({
      ok: false,
      code: 'etcd_quorum_at_risk',
      facts: { nodeName: 'a', members: 3, quorum: 2, left: 1, notHealthy: 'b' },
    });
});

test('one of two and the only one may not', () => {
  expect(mayLeave(controlPlane(['a', 'b']), 'b')).toMatchObject({ code: 'etcd_quorum_at_risk', facts: { left: 1, quorum: 2 } });
  expect(mayLeave(controlPlane(['a']), 'a')).toMatchObject({ code: 'etcd_quorum_at_risk', facts: { left: 0, quorum: 1 } });
});

test('a member that an earlier machine left behind counts: three of four are needed', () => {
  expect(mayLeave(controlPlane(['b', 'c', 'd'], {}, ['gone']), 'b')).toMatchObject({
    code: 'etcd_quorum_at_risk',
    facts: { members: 4, quorum: 3, left: 2, notHealthy: 'gone' },
  });
});

test('a member that was removed before the youngest joined does not count', () => {
  const healed = controlPlane(['b', 'c', 'd']);
  expect(
    mayLeave(
      { ...healed, etcd: healed.etcd.map((pod, n) => (n === 2 ? pod : { ...pod, initialCluster: ['gone', 'b', 'c'] })) },
      'b',
    ).ok,
  ).toBe(true);
});

test('with etcd elsewhere only the last control plane is kept', () => {
  const { nodes } = controlPlane(['a', 'b']);
  expect(mayLeave({ etcd: [], nodes }, 'a')).toEqual({ ok: true, as: 'spared' });
  expect(mayLeave({ etcd: [], nodes: nodes.slice(0, 1) }, 'a')).toMatchObject({ code: 'last_control_plane' });
  const leaving = nodes.map((node) => (node.name === 'b' ? { ...node, leaving: true } : node));
  expect(mayLeave({ etcd: [], nodes: leaving }, 'a')).toMatchObject({ code: 'last_control_plane' });
});

test('property: whoever leaves one after the other, the healthy that stay are a majority of all members', () => {
  for (let size = 1; size <= 7; size++) {
    const names = Array.from({ length: size }, (_, n) => `m${n}`);
    const left: Record<string, Broken> = {};
    for (const name of names) if (mayLeave(controlPlane(names, left), name).ok) left[name] = 'leaving';
    expect(Object.keys(left)).toHaveLength(Math.floor((size - 1) / 2));
  }
});
