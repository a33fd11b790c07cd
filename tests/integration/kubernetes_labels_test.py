#!/usr/bin/env python3
"""discovery.kubernetes finds what Prometheus' own discovery finds: every role, every label, over the same real API server.

The objects are those of tests/kubernetes/objects.json.
"""
import json
import re

from cluster import READER, Cluster
from harness import ROOT, Weir, figure, run
from referee import Referee, agree

OBJECTS = json.loads((ROOT / 'tests/kubernetes/objects.json').read_text())
NODE = {'attach_metadata': {'node': True}}
BOTH = {'attach_metadata': {'node': True, 'namespace': True}}
BOOKS = {'label': 'app=books'}
HERE = {'field': 'spec.nodeName=worker-1'}
FAST = {'label': 'disk in (ssd)'}


def where(**selectors):
    return {'selectors': [{'role': role, **choice} for role, choice in selectors.items()]}


CASES = {
    'pod': {'role': 'pod'},
    'pod_with_nodes': {'role': 'pod', **NODE},
    'pod_with_both': {'role': 'pod', **BOTH},
    'pod_by_label': {'role': 'pod', **where(pod=BOOKS)},
    'pod_by_field': {'role': 'pod', **where(pod=HERE)},
    'pod_by_both': {'role': 'pod', **where(pod={**BOOKS, **HERE})},
    'pod_by_node': {'role': 'pod', **NODE, **where(node=FAST)},
    'pod_of_bank': {'role': 'pod', 'namespaces': {'names': ['bank']}},
    'pod_of_two': {'role': 'pod', 'namespaces': {'names': ['shop', 'bank', 'nowhere']}},
    'node': {'role': 'node'},
    'node_by_label': {'role': 'node', **where(node=FAST)},
    'service': {'role': 'service'},
    'service_with_namespaces': {'role': 'service', 'attach_metadata': {'namespace': True}},
    'service_by_label': {'role': 'service', **where(service=BOOKS)},
    'endpoints': {'role': 'endpoints'},
    'endpoints_with_nodes': {'role': 'endpoints', **NODE},
    'endpoints_with_both': {'role': 'endpoints', **BOTH},
    'endpoints_by_label': {'role': 'endpoints', **where(endpoints=BOOKS, pod=BOOKS, service=BOOKS)},
    'endpoints_of_bank': {'role': 'endpoints', 'namespaces': {'names': ['bank']}},
    'slice': {'role': 'endpointslice'},
    'slice_with_nodes': {'role': 'endpointslice', **NODE},
    'slice_with_both': {'role': 'endpointslice', **BOTH},
    'slice_by_label': {'role': 'endpointslice', **where(endpointslice={'label': 'kubernetes.io/service-name=books'}, pod=HERE)},
    'slice_of_bank': {'role': 'endpointslice', 'namespaces': {'names': ['bank']}},
    'ingress': {'role': 'ingress'},
    'ingress_with_namespaces': {'role': 'ingress', 'attach_metadata': {'namespace': True}},
    'ingress_by_label': {'role': 'ingress', **where(ingress=BOOKS)},
}

# Every label of the reference, without __meta_kubernetes_: the objects must show each at least once.
LABELS = '''
namespace namespace_label_team namespace_labelpresent_team namespace_annotation_example_com_owner
pod_name pod_ip pod_ready pod_phase pod_node_name pod_host_ip pod_uid pod_controller_kind pod_controller_name
pod_label_app pod_labelpresent_empty pod_annotation_pyroscope_io_service_name pod_annotationpresent_empty
pod_container_name pod_container_id pod_container_image pod_container_init
pod_container_port_name pod_container_port_number pod_container_port_protocol
node_name node_provider_id node_label_disk node_labelpresent_a_b_c_d_e_f node_annotation_sp_ace node_annotationpresent_sp_ace
node_address_InternalIP node_address_ExternalIP node_address_Hostname node_address_InternalDNS node_address_ExternalDNS
node_condition_ready node_condition_memorypressure
service_name service_label_app service_labelpresent_app service_annotation_note service_annotationpresent_note
service_type service_cluster_ip service_external_name service_loadbalancer_ip
service_port_name service_port_number service_port_protocol
endpoints_name endpoints_label_app endpoints_labelpresent_app endpoint_port_name endpoint_port_protocol endpoint_ready
endpoint_node_name endpoint_hostname endpoint_address_target_kind endpoint_address_target_name
endpointslice_name endpointslice_label_kubernetes_io_service_name endpointslice_annotation_x_y_z
endpointslice_address_type endpointslice_port endpointslice_port_name endpointslice_port_protocol endpointslice_port_app_protocol
endpointslice_endpoint_conditions_ready endpointslice_endpoint_conditions_serving endpointslice_endpoint_conditions_terminating
endpointslice_endpoint_hostname endpointslice_endpoint_node_name endpointslice_endpoint_zone
endpointslice_endpoint_topology_example_com_rack endpointslice_endpoint_topology_present_example_com_rack
endpointslice_address_target_kind endpointslice_address_target_name
ingress_name ingress_label_app ingress_annotation_nginx_ingress_kubernetes_io_rewrite_target
ingress_scheme ingress_host ingress_path ingress_class_name
'''.split()


def river(value):
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value)


def block(name, fields):
    """An object is a block, a list of objects one block each."""
    lines = [name + ' {']
    for key, value in fields.items():
        blocks = [value] if isinstance(value, dict) else value
        if isinstance(blocks, list) and blocks and isinstance(blocks[0], dict):
            lines += [block(key, one) for one in blocks]
        else:
            lines.append(f'{key} = {river(value)}')
    return '\n'.join([*lines, '}\n'])


def config_of_weir(cluster):
    access = {'api_server': cluster.url, 'bearer_token': READER, 'tls_config': {'ca_file': str(cluster.ca)}}
    return ''.join(block(f'discovery.kubernetes "{case}"', {**fields, **access}) for case, fields in CASES.items())


def config_of_prometheus(cluster):
    access = {'api_server': cluster.url, 'authorization': {'credentials': READER}, 'tls_config': {'ca_file': str(cluster.ca)}}
    return {case: {'kubernetes_sd_configs': [{**fields, **access}]} for case, fields in CASES.items()}


def grant(cluster):
    """What the roles need, and no more."""
    verbs = ['get', 'list', 'watch']
    cluster.may('reader', [
        {'apiGroups': [''], 'resources': ['pods', 'nodes', 'namespaces', 'services', 'endpoints'], 'verbs': verbs},
        {'apiGroups': ['discovery.k8s.io'], 'resources': ['endpointslices'], 'verbs': verbs},
        {'apiGroups': ['networking.k8s.io'], 'resources': ['ingresses'], 'verbs': verbs}])


def thing(kind, name):
    return next(one for one in OBJECTS if (one['kind'], one['metadata']['name']) == (kind, name))


def change_everything(cluster):
    """One object of each kind changes, one goes, and what others take labels from changes too."""
    cluster.patch(thing('Pod', 'books-1'), {'metadata': {'labels': {'app': 'papers', 'new': 'yes', 'a-b': None}}})
    cluster.patch_status(thing('Pod', 'no-address'), {'phase': 'Running', 'podIP': '10.0.0.2'})
    cluster.delete(thing('Pod', 'elsewhere'))
    cluster.patch(thing('Node', 'worker-1'), {'metadata': {'labels': {'disk': 'tape'}}})
    cluster.delete(thing('Node', 'worker-3'))
    cluster.create({'kind': 'Node', 'metadata': {'name': 'worker-9', 'labels': {'disk': 'ssd'}}})
    cluster.patch(thing('Namespace', 'shop'), {'metadata': {'labels': {'team': 'purchase'}}})
    cluster.patch(thing('Service', 'books'), {'metadata': {'annotations': {'note': 'other'}}})
    cluster.delete(thing('Service', 'plain'))
    ports = [{'name': 'grpc', 'port': 9001}]
    cluster.patch(thing('Endpoints', 'ledger'), {'subsets': [{'addresses': [{'ip': '10.0.1.3'}], 'ports': ports}]})
    cluster.delete(thing('Endpoints', 'without-service'))
    cluster.patch(thing('EndpointSlice', 'ledger'), {'ports': ports})
    cluster.delete(thing('EndpointSlice', 'names'))
    cluster.patch(thing('Ingress', 'books'), {'spec': {'ingressClassName': 'other'}})
    cluster.patch(thing('Ingress', 'any-tls'), {'spec': {'tls': None}})
    cluster.delete(thing('Ingress', 'plain'))


# What Agent has not, whose Prometheus is older: labels that are not there, and cases in which it also keeps the pods of nodes
# that are not known (Prometheus leaves them out since).
NOT_IN_AGENT = re.compile(r'__meta_kubernetes_(node_condition_.*|endpointslice_endpoint_zone)')
OTHER_IN_AGENT = ('pod_with_nodes', 'pod_with_both')


def every_role_has_the_labels_of_prometheus():
    with Cluster() as cluster:
        grant(cluster)
        for one in OBJECTS:
            # What old clusters still hold the server takes no more.
            if 'deprecatedTopology' in json.dumps(one):
                cluster.store([one])
            else:
                cluster.create(one)
        with (Referee(config_of_prometheus(cluster)) as referee, Weir(config_of_weir(cluster), dialect='alloy') as w,
              Weir(config_of_weir(cluster)) as agent):
            w.wait_ready()
            found = agree(w, referee, 'discovery.kubernetes')
            seen = {name for targets in found.values() for target in targets for name, value in target.items() if value}
            missing = [name for name in LABELS if f'__meta_kubernetes_{name}' not in seen]
            assert not missing, f'the objects do not show {missing}'
            figure(f'{len(CASES)} configs of discovery.kubernetes: {sum(map(len, found.values()))} targets with '
                   f'{len(seen)} different labels as Prometheus has them')
            agree(agent, referee, 'discovery.kubernetes', less=NOT_IN_AGENT, but=OTHER_IN_AGENT)
            change_everything(cluster)
            agree(w, referee, 'discovery.kubernetes', before=found)
            assert w.stop() == 0 and agent.stop() == 0, w.log()


run(every_role_has_the_labels_of_prometheus)
