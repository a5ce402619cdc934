// Makers by their IANA enterprise number, as Get Device ID tells it: for machines whose labels are empty.

const VENDORS: Record<number, string> = {
  11: 'HP',
  343: 'Intel',
  674: 'Dell',
  2011: 'Huawei',
  5703: 'NVIDIA',
  7244: 'Quanta',
  10368: 'Fujitsu',
  10876: 'Supermicro',
  15370: 'Gigabyte',
  19046: 'Lenovo',
  20974: 'AMI',
  37945: 'Inspur',
  47196: 'HPE',
  47488: 'Supermicro',
};

/** Empty for a number that is not in the list. */
export function vendorName(enterprise: number): string {
  return VENDORS[enterprise] ?? '';
}

/** 0 for a maker that is not in the list. */
export function enterpriseNumber(vendor: string): number {
  const found = Object.entries(VENDORS).find(([, name]) => vendor.toLowerCase().startsWith(name.toLowerCase()));
  return found ? Number(found[0]) : 0;
}
