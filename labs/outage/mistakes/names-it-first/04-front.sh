kubectl expose deployment search --port=80 --target-port=8080
kubectl exec deployment/front -- wget -q -T 5 -O - http://search/ || true
podlab answer front-why "Service search"
kubectl delete service search
kubectl expose deployment search --port=80 --target-port=8080
